package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/app/account"
	"gatehouse/models"
)

// identity is a row of identities as it rests.
func (h *house) identity(provider, subject string) models.Identity {
	h.t.Helper()
	kept, err := h.DB.Identities.Find(h.t.Context(), provider, subject)
	if err != nil {
		h.t.Fatal(err)
	}
	return kept
}

func (h *house) tokens(user, provider string) (models.ProviderTokens, error) {
	return h.Accounts.ProviderTokens(h.t.Context(), user, provider, h.Providers.Refresh)
}

// Kept tokens rest sealed, are renewed when used, and end with their identity.
func TestProviderTokensRestSealed(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		b := h.member(someone())
		user, subject := b.user(), subjectOf(s, "google", "ada")
		address := b.begin("google")
		if !strings.Contains(address, "access_type=offline") || !strings.Contains(address, "consent") {
			t.Errorf("Google is not asked for offline access: %s", address)
		}
		b.want(b.bring(b.visit(address, "ada")), 303, linked)
		first, err := h.tokens(user, "google")
		if err != nil || first.Access == "" || first.Refresh == "" || !strings.Contains(first.Scope, "email") || first.Expiry.IsZero() {
			t.Fatalf("kept %+v, %v", first, err)
		}
		row := h.identity("google", subject)
		for _, secret := range []string{first.Access, first.Refresh, "access_", "refresh_"} {
			if row.Sealed == "" || strings.Contains(row.Sealed, secret) {
				t.Fatal("the row tells the tokens")
			}
		}
		before := s.exchanges()
		if again, err := h.tokens(user, "google"); err != nil || again != first || s.exchanges() != before {
			t.Error("live tokens were traded")
		}
		h.clock.advance(time.Hour)
		fresh, err := h.tokens(user, "google")
		if err != nil || fresh.Access == first.Access || fresh.Refresh != first.Refresh || s.exchanges() != before+1 {
			t.Fatalf("expired tokens: %+v, %v, %d exchanges", fresh, err, s.exchanges()-before)
		}
		if again, err := h.tokens(user, "google"); err != nil || again != fresh || s.exchanges() != before+1 {
			t.Error("renewed tokens were not kept")
		}
		b.want(b.post("/confirm", "password", password), 303, "/dashboard")
		b.want(b.disconnect("google", subject), 303, unlinked)
		if _, err := h.tokens(user, "google"); !errors.Is(err, account.ErrNoTokens) {
			t.Errorf("after disconnecting: %v", err)
		}
	}, "KEEP_PROVIDER_TOKENS=google,twitter")
}

// X gives a refresh token that is good once: of two who use it at once, both get what lives.
func TestRefreshTokensThatAreGoodOnce(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		user := h.browser().by("twitter", "ada").user()
		for range 3 {
			h.clock.advance(3 * time.Hour)
			got, errs := make([]models.ProviderTokens, 4), make([]error, 4)
			race(4, func(i int) { got[i], errs[i] = h.tokens(user, "twitter") })
			live, err := h.tokens(user, "twitter")
			if err != nil {
				t.Fatalf("nothing lives: %v, of %v", err, errs)
			}
			for i := range got {
				if errs[i] == nil && got[i] != live {
					t.Error("two answers for one refresh")
				}
			}
		}
	}, "KEEP_PROVIDER_TOKENS=google,twitter")
}

func TestProviderTokensAreThrownAway(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range providers {
			person := s.People(provider)[0].ID
			b := h.browser()
			address := b.begin(provider)
			if strings.Contains(address, "offline") {
				t.Errorf("%s is asked for what is not kept: %s", provider, address)
			}
			b.want(b.bring(b.visit(address, person)), 303, "/dashboard")
			if row := h.identity(provider, subjectOf(s, provider, person)); row.Sealed != "" {
				t.Errorf("%s: something is kept", provider)
			}
			if _, err := h.tokens(b.user(), provider); !errors.Is(err, account.ErrNoTokens) {
				t.Errorf("%s: %v", provider, err)
			}
		}
	})
}
