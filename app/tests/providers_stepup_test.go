package tests

import (
	"net/url"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// Step-up by a provider: it is asked to authenticate the person again (prompt=login, max_age=0), and an auth_time from
// before is refused. Whoever sits down at an unlocked browser has the person's session at the provider as well.
func TestReauthenticationByAProviderIsFresh(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Browser().By("oidc", "ada")
		address, err := url.Parse(b.Leads(b.Post("/auth/oidc/confirm", "next", "/profile")))
		if err != nil {
			t.Fatal(err)
		}
		if q := address.Query(); q.Get("prompt") != "login" || q.Get("max_age") != "0" {
			t.Errorf("asks for %v", q)
		}
		before := b.Session()
		s.Breaks("oidc", "stale")
		got := b.Bring(b.Visit(address.String(), "ada"))
		if b.Session() != before || !strings.HasPrefix(got.To(), testkit.CallbackError) {
			t.Errorf("an old auth_time: %d to %q", got.Status, got.To())
		}
		s.Breaks("oidc", "")
		b.Want(b.Bring(b.Visit(b.Leads(b.Post("/auth/oidc/confirm", "next", "/profile")), "ada")), 303, "/profile")
		if b.Session() == before {
			t.Error("a fresh auth_time confirms nothing")
		}
	})
}

// CSRF: linking and re-authentication begin with a POST; a link elsewhere is a GET and begins neither.
func TestLinkingAndStepUpBeginWithAPost(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	b := h.Member(testkit.Someone())
	for _, path := range []string{"/auth/google/link", "/auth/google/confirm"} {
		if got := b.Get(path); got.Status != 404 && got.Status != 405 || b.Cookies()["oauth"] != "" {
			t.Errorf("GET %s: %d to %q", path, got.Status, got.To())
		}
	}
}
