package tests

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// linked is the page after connecting; confirming is where a sign-in that is too old leads.
const (
	linked     = "/profile?notice=linked"
	unlinked   = "/profile?notice=unlinked"
	confirming = "/confirm?next=%2Fprofile%23identities"
)

func disconnect(b *testkit.Browser, provider, subject string) testkit.Answer {
	b.T.Helper()
	return b.Post("/profile", "section", "identities", "action", "disconnect", "provider", provider, "subject", subject)
}

// owns lists the providers of a user's identities.
func owns(h *testkit.House, user string) string {
	h.T.Helper()
	identities, err := h.DB.Identities.ByUser(h.T.Context(), user)
	if err != nil {
		h.T.Fatal(err)
	}
	var names []string
	for _, identity := range identities {
		names = append(names, identity.Provider)
	}
	return strings.Join(names, " ")
}

func subjectOf(s *testkit.Stand, provider, person string) string {
	for _, p := range s.People(provider) {
		if p.ID == person && provider == "oidc" { // an issuer's subjects are its own
			return s.URL + "/oidc#" + p.Subject
		}
		if p.ID == person {
			return p.Subject
		}
	}
	return ""
}

// A person connects a provider, signs in with it, and disconnects it; each is an event and a mail.
func TestConnectAndDisconnect(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		email := testkit.Someone()
		b := h.Member(email)
		user := b.User()
		if page := b.Get("/profile"); !strings.Contains(page.Body, `action="/auth/google/link"`) {
			t.Fatalf("nothing to connect: %s", testkit.Text(page.Body))
		}
		session := b.Session()
		b.Want(b.Enter("google", "ada", "next=%2Fprofile"), 303, linked)
		if b.Session() != session {
			t.Error("connecting began another session")
		}
		if page := b.Get("/profile?notice=linked"); !strings.Contains(page.Body, "ada@gmail.com") ||
			!strings.Contains(page.Body, "Last used") {
			t.Errorf("the profile: %s", testkit.Text(page.Body))
		}
		b.Want(b.Enter("google", "ada"), 303, linked) // a second press
		if by := h.Browser().By("google", "ada"); by.User() != user {
			t.Fatal("the connected identity signs in someone else")
		}
		if now := userOf(h, user); now.Email != email || now.Name != "Ada Lovelace" {
			t.Errorf("connecting changed the account: %+v", now)
		}
		h.MailAbout(email, "Google now signs you in")

		b.Want(disconnect(b, "google", subjectOf(s, "google", "ada")), 303, unlinked)
		b.Want(disconnect(b, "google", subjectOf(s, "google", "ada")), 303, unlinked) // a second press
		h.MailAbout(email, "Google no longer signs you in")
		if by := h.Browser().By("google", "ada"); by.User() == user {
			t.Fatal("a disconnected identity still opens the account")
		}
		if h.Happened(user, models.EventUnlinked) != 1 || h.Happened(user, models.EventLinked) < 1 {
			t.Errorf("events: %d disconnected, %d connected", h.Happened(user, models.EventUnlinked),
				h.Happened(user, models.EventLinked))
		}
	})
}

func TestLastWayInStays(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Browser().By("twitter", "nobody")
		user, subject := b.User(), subjectOf(s, "twitter", "nobody")
		got := disconnect(b, "twitter", subject)
		if got.Status != 422 || !strings.Contains(got.Body, "This is your last way to sign in.") ||
			owns(h, user) != "twitter" {
			t.Fatalf("the last way in: %d, left %q", got.Status, owns(h, user))
		}
		b.Want(b.Enter("github", "nobody"), 303, linked)
		ends := make([]testkit.Answer, 2)
		form := func(provider, subject string) url.Values {
			return url.Values{"section": {"identities"}, "provider": {provider}, "subject": {subject}}
		}
		testkit.Race(2, func(i int) { // both at once leave one
			ends[i] = b.Copy().Try("POST", "/profile",
				[]url.Values{form("twitter", subject), form("github", subjectOf(s, "github", "nobody"))}[i])
		})
		if left := owns(h, user); len(strings.Fields(left)) != 1 {
			t.Errorf("left %q after %d and %d", left, ends[0].Status, ends[1].Status)
		}
	})
}

// Nobody takes away the identity of another account.
func TestDisconnectsOnlyOnesOwn(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		ada, mallory := h.Browser().By("google", "ada"), h.Member(testkit.Someone())
		mallory.Want(disconnect(mallory, "google", subjectOf(s, "google", "ada")), 303, unlinked)
		if owns(h, ada.User()) != "google" {
			t.Fatal("a stranger disconnected it")
		}
	})
}

// After ten minutes a change to the ways in asks again who this is: by password, or by a provider
// that is connected. A new session takes the place of the old one.
func TestChangingTheWaysInAsksAgain(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Member(testkit.Someone())
		user := b.User()
		b.Want(b.Enter("google", "ada"), 303, linked)
		h.Clock.Advance(11 * time.Minute)
		b.Confirms(b.Post("/auth/github/link"))
		b.Confirms(disconnect(b, "google", subjectOf(s, "google", "ada")))
		if owns(h, user) != "google" {
			t.Fatal("disconnected without asking")
		}

		page := b.Get(confirming)
		if page.Status != 200 || !strings.Contains(page.Body, `name="password"`) ||
			!strings.Contains(page.Body, `"/auth/google/confirm"`) || strings.Contains(page.Body, `/auth/github`) {
			t.Fatalf("the page: %d %s", page.Status, testkit.Text(page.Body))
		}
		if wrong := b.Post("/confirm", "password", "another one altogether", "next",
			"/profile#identities"); wrong.Status != 422 {
			t.Fatalf("a wrong password: %d", wrong.Status)
		}
		old := b.Copy()
		b.Want(b.Post("/confirm", "password", testkit.Password, "next", "/profile#identities"), 303, "/profile#identities")
		if old.SignedIn() {
			t.Error("the old session lives on")
		}
		b.Want(b.Enter("github", "nobody"), 303, linked)

		h.Clock.Advance(11 * time.Minute)
		b.Confirms(disconnect(b, "github", subjectOf(s, "github", "nobody")))
		h.Browser().By("google", "linus")
		for _, stranger := range []string{"grace", "linus"} { // nobody's identity, and another account's
			b.Fails(s, b.Bring(b.Visit(press(b, confirming, "google"), stranger)), "google", "another")
		}
		before := b.Session()
		b.Want(b.Bring(b.Visit(press(b, confirming, "google"), "ada")), 303, "/profile#identities")
		if b.Session() == before || b.User() != user || !slices.Equal(keptSession(b).AMR, []string{"fed"}) {
			t.Errorf("confirmed by a provider: %+v", keptSession(b))
		}
		b.Want(disconnect(b, "github", subjectOf(s, "github", "nobody")), 303, unlinked)
	})
}

// press sends the form of a provider's button on a page of ours, and returns where it leads.
func press(b *testkit.Browser, page, provider string) string {
	b.T.Helper()
	form := regexp.MustCompile(`action="(/auth/` + provider +
		`/[^"]*)"[^>]*>.*?<input type="hidden" name="next" value="([^"]*)"`)
	found := form.FindStringSubmatch(b.Get(page).Body)
	if found == nil {
		b.T.Fatalf("%s has no button for %s", page, provider)
	}
	return b.Leads(b.Post(found[1], "next", html.UnescapeString(found[2])))
}

// An identity that signs in another account is neither taken from it nor named.
func TestIdentityOfAnotherAccountStaysThere(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		owner, b := h.Browser().By("google", "ada"), h.Member(testkit.Someone())
		b.Fails(s, b.Enter("google", "ada"), "google", "taken")
		if page := b.Get("/auth/error?why=taken&provider=google"); strings.Contains(page.Body, "ada@gmail.com") {
			t.Error("the page names the other account")
		}
		if owns(h, owner.User()) != "google" || owns(h, b.User()) != "" {
			t.Errorf("the owner has %q, the other %q", owns(h, owner.User()), owns(h, b.User()))
		}
	})
}

// A connection begun in one session ends in that session or not at all: not in another browser, not
// after signing out, not as someone else, not in a later session of the same person.
func TestConnectingEndsWhereItBegan(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		email := testkit.Someone()
		b := h.Member(email)
		user := b.User()
		for name, meanwhile := range map[string]func(*testkit.Browser){
			"signed out": func(b *testkit.Browser) {
				b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
			},
			"signed in as another": func(b *testkit.Browser) { b.Post("/auth/sign-out"); b.SignUp(testkit.Someone()) },
			"signed in again":      func(b *testkit.Browser) { b.Post("/auth/sign-out"); b.SignIn(email) },
			"cookies of nobody":    func(b *testkit.Browser) { b.Keep("access", ""); b.Keep("refresh", "") },
			"confirmed again as self": func(b *testkit.Browser) {
				b.Want(b.Post("/confirm", "password", testkit.Password), 303, "/dashboard")
			},
		} {
			b := h.Browser().SignIn(email)
			back := b.Visit(b.Begin("google"), "ada")
			meanwhile(b)
			exchanged := s.Exchanges()
			b.Fails(s, b.Bring(back), "google", "state")
			if s.Exchanges() != exchanged {
				t.Errorf("%s: the code was used", name)
			}
		}
		mallory := h.Browser().SignUp(testkit.Someone())
		back := mallory.Visit(mallory.Begin("google"), "mallory")
		b.Fails(s, b.Bring(back), "google", "state") // in someone else's browser
		if owns(h, user) != "" {
			t.Errorf("connected: %q", owns(h, user))
		}
	})
}

// Only a press on our own page begins to connect: a link elsewhere would connect the account that
// whoever wrote it is signed in to at the provider.
func TestAnotherSiteBeginsNoConnection(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	b := h.Member(testkit.Someone())
	for _, site := range []string{"cross-site", "same-site"} {
		for _, path := range []string{"/auth/google/link", "/auth/google/confirm", "/auth/apple/link"} {
			request := b.Request("POST", path, url.Values{})
			request.Header.Set("Sec-Fetch-Site", site)
			got, err := b.Send(request)
			if err != nil {
				t.Fatal(err)
			}
			b.Want(got, 403, "")
			b.Want(b.Get("/auth/google?intent=link"), 303, "/dashboard") // a GET signs guests in, and nothing else
			if b.Cookies()["oauth"] != "" {
				t.Errorf("%s %s began", site, path)
			}
		}
	}
	b.Want(b.Bring(b.Visit(b.Begin("google"), "ada")), 303, linked) // and from our own page it does
}
