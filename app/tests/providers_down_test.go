package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// What the provider will not or cannot do ends on a page that says so.
func TestProviderRefusals(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range testkit.Providers {
			b, before := h.Browser(), s.Exchanges()
			b.Fails(s, b.Enter(provider, "cancel"), provider, "denied")
			still(b, s, before)
			refused := h.Browser()
			back := refused.Visit(refused.Begin(provider), "cancel")
			refused.Fails(s, refused.Bring(with(back, "error", "server_error"+strings.Repeat("<script>", 20))), provider,
				"provider")
			for fault, why := range map[string]string{"token-500": "unavailable", "token-429": "limited",
				"token-200error": "provider", "token-garbage": "provider", "token-oversize": "provider",
				"token-redirect": "provider"} {
				s.Breaks(provider, fault)
				b := h.Browser()
				b.Fails(s, b.Enter(provider, s.People(provider)[0].ID), provider, why)
				if b.SignedIn() {
					t.Errorf("%s %s: signed in", provider, fault)
				}
				s.Breaks(provider, "")
			}
		}
		for fault, why := range map[string]string{"profile-500": "unavailable", "profile-429": "limited",
			"profile-garbage": "provider", "subject": "provider"} {
			for _, provider := range []string{"github", "twitter"} {
				s.Breaks(provider, fault)
				b := h.Browser()
				b.Fails(s, b.Enter(provider, "ada"), provider, why)
				s.Breaks(provider, "")
			}
		}
	})
}

// A provider that does not answer costs one person some seconds, and nobody else anything.
func TestSlowProviderIsBounded(t *testing.T) {
	t.Parallel()
	h, s := testkit.NewEmulated(t)
	s.Breaks("google", "token-slow")
	slow, began := h.Browser(), time.Now()
	back := slow.Visit(slow.Begin("google"), "ada")
	done := make(chan testkit.Answer)
	go func() {
		done <- slow.Try(http.MethodGet, strings.TrimPrefix(back.URL, h.URL)+"?"+back.Values.Encode(), nil)
	}()
	h.Browser().By("github", "ada")
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("GitHub waited %s for Google", took)
	}
	slow.Fails(s, <-done, "google", "unavailable")
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Google was waited for %s", took)
	}
}

// An issuer whose discovery fails delays nobody and breaks nothing else.
func TestIssuerThatIsDown(t *testing.T) {
	t.Parallel()
	h, s := testkit.NewEmulated(t)
	s.Breaks("oidc", "discovery-500")
	b := h.Browser()
	b.Fails(s, b.Get("/auth/oidc"), "oidc", "unavailable")
	b.By("google", "ada")
	s.Breaks("oidc", "")
	h.Clock.Advance(6 * time.Second)
	h.Browser().By("oidc", "ada")
}
