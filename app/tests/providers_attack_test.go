package tests

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

func TestForgedIDTokens(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range []string{"google", "apple", "oidc"} {
			for _, forgery := range []string{"signature", "none", "audience", "audiences", "issuer", "nonce", "nononce",
				"expired", "noexp", "athash"} {
				if provider == "oidc" && forgery == "issuer" {
					h.Browser().By("oidc", "ada") // discovery first: the fault is in its document as well
				}
				s.Breaks(provider, forgery)
				b := h.Browser()
				got := b.Enter(provider, "ada")
				b.Fails(s, got, provider, "token")
				if b.SignedIn() {
					t.Errorf("%s: signed in by an ID token with a wrong %s", provider, forgery)
				}
				s.Breaks(provider, "")
			}
		}
		s.Breaks("google", "stranger")
		b := h.Browser()
		b.Fails(s, b.Enter("google", "slim"), "google", "token")
		s.Breaks("oidc", "stranger")
		b.Fails(s, b.Enter("oidc", "slim"), "oidc", "token")
	})
}

// next leads nowhere but here, wherever it is put.
func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/%5cevil.example/..//",
		"/\t/evil.example", "javascript:alert(1)", "evil", "/\r\nSet-Cookie: a=b"} {
		b := h.Browser()
		got := b.Bring(b.Visit(b.Begin("google", "next="+url.QueryEscape(next)), "ada"))
		if to, err := url.Parse(got.To()); err != nil || got.Status != 303 || to.Host != "" ||
			!strings.HasPrefix(got.To(), "/") || strings.HasPrefix(got.To(), "//") || strings.Contains(got.To(), `\`) {
			t.Errorf("next %q led to %q", next, got.To())
		}
		other := h.Browser() // and a next in the answer has no say at all
		other.Want(other.Bring(with(other.Visit(other.Begin("google"), "ada"), "next", next)), 303, "/dashboard")
	}
}

// A closed account is closed to its providers too.
func TestClosedAccountStaysClosed(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		owner := h.Browser().By("google", "ada").User()
		if err := h.DB.Users.SetDisabled(t.Context(), owner, true, h.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		for _, provider := range []string{"google", "oidc"} { // the identity it has, and one that would join
			b := h.Browser()
			b.Fails(s, b.Enter(provider, "ada"), provider, "closed")
		}
	})
}

// Who is not configured, or is nobody, is not here: no button, no route.
func TestUnknownProviders(t *testing.T) {
	t.Parallel()
	clock := &testkit.Clock{}
	s := testkit.NewStand(t, clock)
	h := testkit.NewHouseAt(t, clock, "OAUTH_EMULATOR="+s.URL, "GITHUB_CLIENT_ID=demo",
		"GITHUB_CLIENT_SECRET="+testkit.RegisteredSecret)
	b := h.Browser()
	for _, page := range []string{"/sign-in", "/sign-up"} {
		body := b.Get(page).Body
		if !strings.Contains(body, "/auth/github") || strings.Contains(body, "/auth/google") ||
			strings.Contains(body, "/auth/apple") {
			t.Errorf("%s: the buttons: %s", page, testkit.Text(body))
		}
	}
	for _, name := range []string{"google", "apple", "oidc", "nobody", "GitHub", "github%2F..", "error%00"} {
		if got := b.Get("/auth/" + name); got.Status != 404 {
			t.Errorf("GET /auth/%s: %d to %q", name, got.Status, got.To())
		}
		if got := b.Get("/auth/" + name + "/callback?code=a&state=b"); got.Status != 404 {
			t.Errorf("GET /auth/%s/callback: %d to %q", name, got.Status, got.To())
		}
	}
	if got := b.Post("/auth/apple/callback", "state", "a", "code", "b"); got.Status != 404 {
		t.Errorf("POST to Apple's callback: %d", got.Status)
	}
	plain := testkit.NewHouse(t)
	if page := plain.Browser().Get("/sign-in"); strings.Contains(page.Body, "/auth/g") ||
		strings.Contains(testkit.Text(page.Body), "Continue with") {
		t.Errorf("without any provider: %s", testkit.Text(page.Body))
	}
}

// Limits stand before the provider's routes as well.
func TestProviderRoutesAreLimited(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t, "LIMITS=on")
	b := h.Browser()
	refused, taken := spend(b, 60, time.Second, func(int) testkit.Answer { return b.Get("/auth/google") })
	if taken < 60 || refused.Header.Get("Retry-After") == "" {
		t.Errorf("refused after %d, Retry-After %q", taken, refused.Header.Get("Retry-After"))
	}
}
