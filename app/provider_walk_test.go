package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// Each button leads in, keeps where the person was going, and finds the same user the next time.
func TestEveryProviderSignsIn(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		labels := map[string]string{"google": "Google", "github": "GitHub", "twitter": "X", "apple": "Apple", "oidc": "Company"}
		for _, provider := range providers {
			person := s.People(provider)[0].ID
			b := h.browser()
			page := b.get("/sign-in?next=%2Fprofile")
			if !strings.Contains(page.body, `href="/auth/`+provider+`?next=%2Fprofile"`) || !strings.Contains(text(page.body), "Continue with "+labels[provider]) {
				t.Fatalf("%s has no button: %s", provider, text(page.body))
			}
			b.want(b.enter(provider, person, "next=%2Fprofile"), 303, "/profile")
			if b.cookies()["oauth"] != "" {
				t.Errorf("%s: the flow outlived its end", provider)
			}
			first := b.user()
			if page := b.get("/profile"); page.status != 200 || !strings.Contains(page.body, "Connected") {
				t.Errorf("%s: the profile: %d %s", provider, page.status, text(page.body))
			}
			if page := b.get("/dashboard"); page.status != 200 || !strings.Contains(text(page.body), "Signed in with "+labels[provider]) {
				t.Errorf("%s: the dashboard does not say how: %s", provider, text(page.body))
			}
			if kept := b.kept(); kept.Provider != provider || !slices.Equal(kept.AMR, []string{"fed"}) || !kept.Remembered {
				t.Errorf("%s: the session is %+v", provider, kept)
			}
			h.clock.advance(time.Hour)
			if again := h.browser().by(provider, person); again.user() != first {
				t.Errorf("%s: the second sign-in made another user", provider)
			}
			if h.happened(first, models.EventSignedIn) == 0 {
				t.Errorf("%s: no event of a sign-in", provider)
			}
		}
	})
}

// A person of whom the provider gives no address has an account that works everywhere, and can
// prove an address and then set a password.
func TestAccountWithoutAddress(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range []string{"twitter", "github", "apple", "oidc"} {
			b, email := h.browser().by(provider, "nobody"), someone()
			if user := h.reads(b.user()); user.Email != "" || user.Name == "" {
				t.Fatalf("%s: made %+v", provider, user)
			}
			for _, path := range []string{"/", "/dashboard", "/profile", "/confirm", "/profile?section=delete"} {
				if page := b.get(path); page.status != 200 {
					t.Errorf("%s: GET %s: %d %s", provider, path, page.status, text(page.body))
				}
			}
			b.want(b.post("/profile", "section", "details", "name", "No One", "phone", ""), 303, "/profile?notice=saved")
			if early := b.post("/profile", "section", "password", "password", password); early.status != 422 && h.reads(b.user()).PasswordHash != "" {
				t.Errorf("%s: a password without an address: %d", provider, early.status)
			}
			b.want(b.post("/profile", "section", "email", "email", email), 303, "/verify")
			b.want(b.post("/verify", "code", h.code(email)), 303, "/profile?notice=email")
			b.want(b.post("/profile", "section", "password", "password", password), 303, "/profile?notice=password")
			if by := h.browser().signIn(email); by.user() != b.user() {
				t.Errorf("%s: the password signs in another user", provider)
			}
		}
	})
}

// kept is what the store has of the browser's own session.
func (b *browser) kept() models.Session {
	b.t.Helper()
	live, err := b.h.Sessions.List(b.t.Context(), b.user())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, session := range live {
		if session.ID == b.session() {
			return session
		}
	}
	b.t.Fatalf("no session %s among %d", b.session(), len(live))
	return models.Session{}
}

// reads reads a user's row.
func (h *house) reads(id string) models.User {
	h.t.Helper()
	user, err := h.DB.Users.ByID(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return user
}

// member is a person with a password at an address of their own.
func (h *house) member(email string) *browser {
	h.t.Helper()
	return h.browser().signUp(email)
}

// Only an address that the provider vouches for joins an account, and its owner is told.
func TestVouchedAddressJoinsAndTheOwnerIsTold(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		ada, grace := h.member("ada@gmail.com"), h.member("grace@navy.example")
		for _, join := range []struct{ provider, person, to string }{
			{"google", "ada", ada.user()}, {"github", "ada", ada.user()}, {"apple", "ada", ada.user()}, {"oidc", "ada", ada.user()},
			{"google", "grace", grace.user()}, {"oidc", "slim", grace.user()},
		} {
			if by := h.browser().by(join.provider, join.person); by.user() != join.to {
				t.Errorf("%s %s did not join", join.provider, join.person)
			}
		}
		if told := h.happened(ada.user(), models.EventLinked); told != 4 {
			t.Errorf("%d events of identities that joined, want 4", told)
		}
		if again := h.browser().by("google", "ada"); again.user() != ada.user() || h.happened(ada.user(), models.EventLinked) != 4 {
			t.Error("the next sign-in joined again")
		}
		for to, subjects := range map[string][]string{"ada@gmail.com": {"Google", "GitHub", "Apple", "Acme sign-on"}, "grace@navy.example": {"Google", "Acme sign-on"}} {
			for _, subject := range subjects {
				h.mailAbout(to, subject+" now signs you in")
			}
		}
	}, "OIDC_NAME=Acme sign-on")
}

// Whoever only says that an address is theirs gets an account of their own, without it.
func TestUnvouchedAddressJoinsNobody(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		owners := map[string]string{}
		for _, address := range []string{"ada@gmail.com", "linus@kernel.example", "augusta@example.com"} {
			owners[address] = h.member(address).user()
		}
		for provider, people := range map[string][]string{
			"google": {"mallory", "linus"}, "github": {"unverified", "public", "nobody"}, "twitter": {"nobody"},
			"apple": {"unverified", "nobody"}, "oidc": {"unverified", "nobody"},
		} {
			for _, person := range people {
				by := h.browser().by(provider, person).user()
				for address, owner := range owners {
					if by == owner {
						t.Errorf("%s %s walked into the account of %s", provider, person, address)
					}
				}
				if user := h.reads(by); user.Email != "" && user.Email != "trudy@example.com" {
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
	emulated(t, func(t *testing.T, h *house, s *stand) {
		mallory := h.browser()
		mallory.want(mallory.post("/sign-up", "name", "Mallory", "email", "ada@gmail.com", "password", password), 303, "/verify")
		ada := h.browser().by("google", "ada")
		if user := h.reads(ada.user()); user.Email != "ada@gmail.com" || user.Name != "Ada Lovelace" || user.PasswordHash != "" {
			t.Errorf("Ada's account is %+v", user)
		}
		if got := mallory.post("/sign-in", "email", "ada@gmail.com", "password", password); got.status != 422 {
			t.Errorf("the planted password: %d", got.status)
		}
		if late := mallory.post("/verify", "code", h.code("ada@gmail.com")); late.status == 303 && mallory.signedIn() {
			t.Error("the code of the first sign-up opened the account")
		}
	})
}

// A relay address is the person's own at Apple, and joins nobody else.
func TestRelayAddress(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		b := h.browser().by("apple", "relay")
		if user := h.reads(b.user()); user.Email != "x7k2p9@privaterelay.appleid.com" || user.Name != "Grace Hopper" {
			t.Errorf("made %+v", user)
		}
	})
}

// A new name, handle or address at the provider is the same person, and changes nothing here.
func TestChangesAtTheProviderChangeNothingHere(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		h.member("augusta@example.com")
		for _, provider := range []string{"google", "github", "twitter", "oidc"} {
			before := h.reads(h.browser().by(provider, "ada").user())
			after := h.reads(h.browser().by(provider, "ada-renamed").user())
			if before.ID != after.ID || before.Email != after.Email || before.Name != after.Name {
				t.Errorf("%s: %+v became %+v", provider, before, after)
			}
		}
	})
}

// Twenty browsers of one person that come for the first time at once make one user.
func TestRacingFirstSignInsMakeOneUser(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range []string{"google", "twitter"} {
			const tabs = 20
			browsers, callbacks, ends := make([]*browser, tabs), make([]string, tabs), make([]answer, tabs)
			for i := range tabs {
				browsers[i] = h.browser()
				back := browsers[i].visit(browsers[i].begin(provider), "ada")
				callbacks[i] = strings.TrimPrefix(back.URL, h.url) + "?" + back.Values.Encode()
			}
			race(tabs, func(i int) { ends[i] = browsers[i].try("GET", callbacks[i], nil) })
			for i, end := range ends {
				if end.status == 503 { // a database that is too busy says so; the next try finds the same user
					end = browsers[i].enter(provider, "ada")
				}
				browsers[i].want(end, 303, "/dashboard")
				if browsers[i].user() != browsers[0].user() {
					t.Errorf("%s: two users for one person", provider)
				}
			}
			if fresh := h.happened(browsers[0].user(), models.EventSignedUp); fresh != 1 {
				t.Errorf("%s: signed up %d times", provider, fresh)
			}
		}
	})
}
