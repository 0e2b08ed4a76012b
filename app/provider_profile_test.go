package main

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// linked is the page after connecting; confirming is where a sign-in that is too old leads.
const (
	linked     = "/profile?notice=linked"
	unlinked   = "/profile?notice=unlinked"
	confirming = "/confirm?next=%2Fprofile%23identities"
)

func (b *browser) disconnect(provider, subject string) answer {
	b.t.Helper()
	return b.post("/profile", "section", "identities", "action", "disconnect", "provider", provider, "subject", subject)
}

// owns lists the providers of a user's identities.
func (h *house) owns(user string) string {
	h.t.Helper()
	identities, err := h.DB.Identities.ByUser(h.t.Context(), user)
	if err != nil {
		h.t.Fatal(err)
	}
	var names []string
	for _, identity := range identities {
		names = append(names, identity.Provider)
	}
	return strings.Join(names, " ")
}

func subjectOf(s *stand, provider, person string) string {
	for _, p := range s.People(provider) {
		if p.ID == person && provider == "oidc" { // an issuer's subjects are its own
			return s.url + "/oidc#" + p.Subject
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
	emulated(t, func(t *testing.T, h *house, s *stand) {
		email := someone()
		b := h.member(email)
		user := b.user()
		if page := b.get("/profile"); !strings.Contains(page.body, `action="/auth/google/link"`) {
			t.Fatalf("nothing to connect: %s", text(page.body))
		}
		session := b.session()
		b.want(b.enter("google", "ada", "next=%2Fprofile"), 303, linked)
		if b.session() != session {
			t.Error("connecting began another session")
		}
		if page := b.get("/profile?notice=linked"); !strings.Contains(page.body, "ada@gmail.com") || !strings.Contains(page.body, "Last used") {
			t.Errorf("the profile: %s", text(page.body))
		}
		b.want(b.enter("google", "ada"), 303, linked) // a second press
		if by := h.browser().by("google", "ada"); by.user() != user {
			t.Fatal("the connected identity signs in someone else")
		}
		if now := h.reads(user); now.Email != email || now.Name != "Ada Lovelace" {
			t.Errorf("connecting changed the account: %+v", now)
		}
		h.mailAbout(email, "Google now signs you in")

		b.want(b.disconnect("google", subjectOf(s, "google", "ada")), 303, unlinked)
		b.want(b.disconnect("google", subjectOf(s, "google", "ada")), 303, unlinked) // a second press
		h.mailAbout(email, "Google no longer signs you in")
		if by := h.browser().by("google", "ada"); by.user() == user {
			t.Fatal("a disconnected identity still opens the account")
		}
		if h.happened(user, models.EventUnlinked) != 1 || h.happened(user, models.EventLinked) < 1 {
			t.Errorf("events: %d disconnected, %d connected", h.happened(user, models.EventUnlinked), h.happened(user, models.EventLinked))
		}
	})
}

func TestLastWayInStays(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		b := h.browser().by("twitter", "nobody")
		user, subject := b.user(), subjectOf(s, "twitter", "nobody")
		got := b.disconnect("twitter", subject)
		if got.status != 422 || !strings.Contains(got.body, "This is your last way to sign in.") || h.owns(user) != "twitter" {
			t.Fatalf("the last way in: %d, left %q", got.status, h.owns(user))
		}
		b.want(b.enter("github", "nobody"), 303, linked)
		ends := make([]answer, 2)
		form := func(provider, subject string) url.Values {
			return url.Values{"section": {"identities"}, "provider": {provider}, "subject": {subject}}
		}
		race(2, func(i int) { // both at once leave one
			ends[i] = b.copy().try("POST", "/profile", []url.Values{form("twitter", subject), form("github", subjectOf(s, "github", "nobody"))}[i])
		})
		if left := h.owns(user); len(strings.Fields(left)) != 1 {
			t.Errorf("left %q after %d and %d", left, ends[0].status, ends[1].status)
		}
	})
}

// Nobody takes away the identity of another account.
func TestDisconnectsOnlyOnesOwn(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		ada, mallory := h.browser().by("google", "ada"), h.member(someone())
		mallory.want(mallory.disconnect("google", subjectOf(s, "google", "ada")), 303, unlinked)
		if h.owns(ada.user()) != "google" {
			t.Fatal("a stranger disconnected it")
		}
	})
}

// After ten minutes a change to the ways in asks again who this is: by password, or by a provider
// that is connected. A new session takes the place of the old one.
func TestChangingTheWaysInAsksAgain(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		b := h.member(someone())
		user := b.user()
		b.want(b.enter("google", "ada"), 303, linked)
		h.clock.advance(11 * time.Minute)
		b.want(b.post("/auth/github/link"), 303, confirming)
		b.want(b.disconnect("google", subjectOf(s, "google", "ada")), 303, confirming)
		if h.owns(user) != "google" {
			t.Fatal("disconnected without asking")
		}

		page := b.get(confirming)
		if page.status != 200 || !strings.Contains(page.body, `name="password"`) || !strings.Contains(page.body, `"/auth/google/confirm"`) || strings.Contains(page.body, `/auth/github`) {
			t.Fatalf("the page: %d %s", page.status, text(page.body))
		}
		if wrong := b.post("/confirm", "password", "another one altogether", "next", "/profile#identities"); wrong.status != 422 {
			t.Fatalf("a wrong password: %d", wrong.status)
		}
		old := b.copy()
		b.want(b.post("/confirm", "password", password, "next", "/profile#identities"), 303, "/profile#identities")
		if old.signedIn() {
			t.Error("the old session lives on")
		}
		b.want(b.enter("github", "nobody"), 303, linked)

		h.clock.advance(11 * time.Minute)
		b.want(b.disconnect("github", subjectOf(s, "github", "nobody")), 303, confirming)
		h.browser().by("google", "linus")
		for _, stranger := range []string{"grace", "linus"} { // nobody's identity, and another account's
			b.fails(s, b.bring(b.visit(b.press(confirming, "google"), stranger)), "google", "another")
		}
		before := b.session()
		b.want(b.bring(b.visit(b.press(confirming, "google"), "ada")), 303, "/profile#identities")
		if b.session() == before || b.user() != user || !slices.Equal(b.kept().AMR, []string{"fed"}) {
			t.Errorf("confirmed by a provider: %+v", b.kept())
		}
		b.want(b.disconnect("github", subjectOf(s, "github", "nobody")), 303, unlinked)
	})
}

// press sends the form of a provider's button on a page of ours, and returns where it leads.
func (b *browser) press(page, provider string) string {
	b.t.Helper()
	form := regexp.MustCompile(`action="(/auth/` + provider + `/[^"]*)"[^>]*>.*?<input type="hidden" name="next" value="([^"]*)"`)
	found := form.FindStringSubmatch(b.get(page).body)
	if found == nil {
		b.t.Fatalf("%s has no button for %s", page, provider)
	}
	return b.leads(b.post(found[1], "next", html.UnescapeString(found[2])))
}

// An identity that signs in another account is neither taken from it nor named.
func TestIdentityOfAnotherAccountStaysThere(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		owner, b := h.browser().by("google", "ada"), h.member(someone())
		b.fails(s, b.enter("google", "ada"), "google", "taken")
		if page := b.get("/auth/error?why=taken&provider=google"); strings.Contains(page.body, "ada@gmail.com") {
			t.Error("the page names the other account")
		}
		if h.owns(owner.user()) != "google" || h.owns(b.user()) != "" {
			t.Errorf("the owner has %q, the other %q", h.owns(owner.user()), h.owns(b.user()))
		}
	})
}

// A connection begun in one session ends in that session or not at all: not in another browser, not
// after signing out, not as someone else, not in a later session of the same person.
func TestConnectingEndsWhereItBegan(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		email := someone()
		b := h.member(email)
		user := b.user()
		for name, meanwhile := range map[string]func(*browser){
			"signed out":              func(b *browser) { b.want(b.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out") },
			"signed in as another":    func(b *browser) { b.post("/auth/sign-out"); b.signUp(someone()) },
			"signed in again":         func(b *browser) { b.post("/auth/sign-out"); b.signIn(email) },
			"cookies of nobody":       func(b *browser) { b.keep("access", ""); b.keep("refresh", "") },
			"confirmed again as self": func(b *browser) { b.want(b.post("/confirm", "password", password), 303, "/dashboard") },
		} {
			b := h.browser().signIn(email)
			back := b.visit(b.begin("google"), "ada")
			meanwhile(b)
			exchanged := s.exchanges()
			b.fails(s, b.bring(back), "google", "state")
			if s.exchanges() != exchanged {
				t.Errorf("%s: the code was used", name)
			}
		}
		mallory := h.browser().signUp(someone())
		back := mallory.visit(mallory.begin("google"), "mallory")
		b.fails(s, b.bring(back), "google", "state") // in someone else's browser
		if h.owns(user) != "" {
			t.Errorf("connected: %q", h.owns(user))
		}
	})
}

// Only a press on our own page begins to connect: a link elsewhere would connect the account that
// whoever wrote it is signed in to at the provider.
func TestAnotherSiteBeginsNoConnection(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t)
	b := h.member(someone())
	for _, site := range []string{"cross-site", "same-site"} {
		for _, path := range []string{"/auth/google/link", "/auth/google/confirm", "/auth/apple/link"} {
			request := b.request("POST", path, url.Values{})
			request.Header.Set("Sec-Fetch-Site", site)
			got, err := b.send(request)
			if err != nil {
				t.Fatal(err)
			}
			b.want(got, 403, "")
			b.want(b.get("/auth/google?intent=link"), 303, "/dashboard") // a GET signs guests in, and nothing else
			if b.cookies()["oauth"] != "" {
				t.Errorf("%s %s began", site, path)
			}
		}
	}
	b.want(b.bring(b.visit(b.begin("google"), "ada")), 303, linked) // and from our own page it does
}
