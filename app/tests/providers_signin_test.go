package tests

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// Each button leads in, keeps where the person was going, and finds the same user the next time.
func TestEveryProviderSignsIn(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		labels := map[string]string{"google": "Google", "github": "GitHub", "twitter": "X", "apple": "Apple",
			"oidc": "Company"}
		for _, provider := range testkit.Providers {
			person := s.People(provider)[0].ID
			b := h.Browser()
			page := b.Get("/sign-in?next=%2Fprofile")
			if !strings.Contains(page.Body, `href="/auth/`+provider+`?next=%2Fprofile"`) ||
				!strings.Contains(testkit.Text(page.Body), "Continue with "+labels[provider]) {
				t.Fatalf("%s has no button: %s", provider, testkit.Text(page.Body))
			}
			b.Want(b.Enter(provider, person, "next=%2Fprofile"), 303, "/profile")
			if b.Cookies()["oauth"] != "" {
				t.Errorf("%s: the flow outlived its end", provider)
			}
			first := b.User()
			if page := b.Get("/profile"); page.Status != 200 || !strings.Contains(page.Body, "Connected") {
				t.Errorf("%s: the profile: %d %s", provider, page.Status, testkit.Text(page.Body))
			}
			if page := b.Get("/dashboard"); page.Status != 200 ||
				!strings.Contains(testkit.Text(page.Body), "Signed in with "+labels[provider]) {
				t.Errorf("%s: the dashboard does not say how: %s", provider, testkit.Text(page.Body))
			}
			if kept := keptSession(b); kept.Provider != provider || !slices.Equal(kept.AMR, []string{"fed"}) ||
				!kept.Remembered {
				t.Errorf("%s: the session is %+v", provider, kept)
			}
			h.Clock.Advance(time.Hour)
			if again := h.Browser().By(provider, person); again.User() != first {
				t.Errorf("%s: the second sign-in made another user", provider)
			}
			if h.Happened(first, models.EventSignedIn) == 0 {
				t.Errorf("%s: no event of a sign-in", provider)
			}
		}
	})
}

// A person of whom the provider gives no address has an account that works everywhere, and can
// prove an address and then set a password.
func TestAccountWithoutAddress(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range []string{"twitter", "github", "apple", "oidc"} {
			b, email := h.Browser().By(provider, "nobody"), testkit.Someone()
			if user := userOf(h, b.User()); user.Email != "" || user.Name == "" {
				t.Fatalf("%s: made %+v", provider, user)
			}
			for _, path := range []string{"/", "/dashboard", "/profile", "/confirm", "/profile?section=delete"} {
				if page := b.Get(path); page.Status != 200 {
					t.Errorf("%s: GET %s: %d %s", provider, path, page.Status, testkit.Text(page.Body))
				}
			}
			b.Want(b.Post("/profile", "section", "details", "name", "No One", "phone", ""), 303, "/profile?notice=saved")
			if early := b.Post("/profile", "section", "password", "password", testkit.Password); early.Status != 422 &&
				userOf(h, b.User()).PasswordHash != "" {
				t.Errorf("%s: a password without an address: %d", provider, early.Status)
			}
			b.Want(b.Post("/profile", "section", "email", "email", email), 303, "/verify")
			b.Want(b.Post("/verify", "code", h.Code(email)), 303, "/profile?notice=email")
			b.Want(b.Post("/profile", "section", "password", "password", testkit.Password), 303, "/profile?notice=password")
			if by := h.Browser().SignIn(email); by.User() != b.User() {
				t.Errorf("%s: the password signs in another user", provider)
			}
		}
	})
}

// keptSession is what the store has of the browser's own session.
func keptSession(b *testkit.Browser) models.Session {
	b.T.Helper()
	live, err := b.House.Sessions.List(b.T.Context(), b.User())
	if err != nil {
		b.T.Fatal(err)
	}
	for _, session := range live {
		if session.ID == b.Session() {
			return session
		}
	}
	b.T.Fatalf("no session %s among %d", b.Session(), len(live))
	return models.Session{}
}

// userOf reads a user's row.
func userOf(h *testkit.House, id string) models.User {
	h.T.Helper()
	user, err := h.DB.Users.ByID(h.T.Context(), id)
	if err != nil {
		h.T.Fatal(err)
	}
	return user
}

// Only an address that the provider vouches for joins an account, and its owner is told.
func TestVouchedAddressJoinsAndTheOwnerIsTold(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		ada, grace := h.Member("ada@gmail.com"), h.Member("grace@navy.example")
		for _, join := range []struct{ provider, person, to string }{
			{"google", "ada", ada.User()}, {"github", "ada", ada.User()}, {"apple", "ada", ada.User()},
			{"oidc", "ada", ada.User()},
			{"google", "grace", grace.User()}, {"oidc", "slim", grace.User()},
		} {
			if by := h.Browser().By(join.provider, join.person); by.User() != join.to {
				t.Errorf("%s %s did not join", join.provider, join.person)
			}
		}
		if told := h.Happened(ada.User(), models.EventLinked); told != 4 {
			t.Errorf("%d events of identities that joined, want 4", told)
		}
		if again := h.Browser().By("google", "ada"); again.User() != ada.User() ||
			h.Happened(ada.User(), models.EventLinked) != 4 {
			t.Error("the next sign-in joined again")
		}
		for to, subjects := range map[string][]string{"ada@gmail.com": {"Google", "GitHub", "Apple", "Acme sign-on"},
			"grace@navy.example": {"Google", "Acme sign-on"}} {
			for _, subject := range subjects {
				h.MailAbout(to, subject+" now signs you in")
			}
		}
	}, "OIDC_NAME=Acme sign-on")
}

// Whoever only says that an address is theirs gets an account of their own, without it.
func TestUnvouchedAddressJoinsNobody(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		owners := map[string]string{}
		for _, address := range []string{"ada@gmail.com", "linus@kernel.example", "augusta@example.com"} {
			owners[address] = h.Member(address).User()
		}
		for provider, people := range map[string][]string{
			"google": {"mallory", "linus"}, "github": {"unverified", "public", "nobody"}, "twitter": {"nobody"},
			"apple": {"unverified", "nobody"}, "oidc": {"unverified", "nobody"},
		} {
			for _, person := range people {
				by := h.Browser().By(provider, person).User()
				for address, owner := range owners {
					if by == owner {
						t.Errorf("%s %s walked into the account of %s", provider, person, address)
					}
				}
				if user := userOf(h, by); user.Email != "" && user.Email != "trudy@example.com" {
					t.Errorf("%s %s got the address %s", provider, person, user.Email)
				}
			}
		}
	})
}

// A sign-up with someone's address plants nothing there: without the code it is no account, so the
// owner's provider makes one that the stranger's password does not open.
func TestSigningUpFirstTakesNothingOver(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		mallory := h.Browser()
		mallory.Want(mallory.Post("/sign-up", "name", "Mallory", "email", "ada@gmail.com", "password", testkit.Password),
			303, "/verify")
		ada := h.Browser().By("google", "ada")
		if user := userOf(h, ada.User()); user.Email != "ada@gmail.com" || user.Name != "Ada Lovelace" ||
			user.PasswordHash != "" {
			t.Errorf("Ada's account is %+v", user)
		}
		if got := mallory.Post("/sign-in", "email", "ada@gmail.com", "password", testkit.Password); got.Status != 422 {
			t.Errorf("the planted password: %d", got.Status)
		}
		if late := mallory.Post("/verify", "code", h.Code("ada@gmail.com")); late.Status == 303 && mallory.SignedIn() {
			t.Error("the code of the first sign-up opened the account")
		}
	})
}

// A relay address is the person's own at Apple, and joins nobody else.
func TestRelayAddress(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Browser().By("apple", "relay")
		if user := userOf(h, b.User()); user.Email != "x7k2p9@privaterelay.appleid.com" || user.Name != "Grace Hopper" {
			t.Errorf("made %+v", user)
		}
	})
}

// A new name, handle or address at the provider is the same person, and changes nothing here.
func TestChangesAtTheProviderChangeNothingHere(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		h.Member("augusta@example.com")
		for _, provider := range []string{"google", "github", "twitter", "oidc"} {
			before := userOf(h, h.Browser().By(provider, "ada").User())
			after := userOf(h, h.Browser().By(provider, "ada-renamed").User())
			if before.ID != after.ID || before.Email != after.Email || before.Name != after.Name {
				t.Errorf("%s: %+v became %+v", provider, before, after)
			}
		}
	})
}

// Twenty browsers of one person that come for the first time at once make one user.
func TestRacingFirstSignInsMakeOneUser(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range []string{"google", "twitter"} {
			const tabs = 20
			browsers, callbacks, ends := make([]*testkit.Browser, tabs), make([]string, tabs), make([]testkit.Answer, tabs)
			for i := range tabs {
				browsers[i] = h.Browser()
				back := browsers[i].Visit(browsers[i].Begin(provider), "ada")
				callbacks[i] = strings.TrimPrefix(back.URL, h.URL) + "?" + back.Values.Encode()
			}
			testkit.Race(tabs, func(i int) { ends[i] = browsers[i].Try("GET", callbacks[i], nil) })
			for i, end := range ends {
				if end.Status == 503 { // a database that is too busy says so; the next try finds the same user
					end = browsers[i].Enter(provider, "ada")
				}
				browsers[i].Want(end, 303, "/dashboard")
				if browsers[i].User() != browsers[0].User() {
					t.Errorf("%s: two users for one person", provider)
				}
			}
			if fresh := h.Happened(browsers[0].User(), models.EventSignedUp); fresh != 1 {
				t.Errorf("%s: signed up %d times", provider, fresh)
			}
		}
	})
}
