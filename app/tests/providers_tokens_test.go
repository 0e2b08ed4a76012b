package tests

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/app/account"
	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// identityOf is a row of identities as it rests.
func identityOf(h *testkit.House, provider, subject string) models.Identity {
	h.T.Helper()
	kept, err := h.DB.Identities.Find(h.T.Context(), provider, subject)
	if err != nil {
		h.T.Fatal(err)
	}
	return kept
}

func tokensOf(h *testkit.House, user, provider string) (models.ProviderTokens, error) {
	return h.Accounts.ProviderTokens(h.T.Context(), user, provider, h.Providers.Refresh)
}

// Kept tokens rest sealed, are renewed when used, and end with their identity.
func TestProviderTokensRestSealed(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Member(testkit.Someone())
		user, subject := b.User(), subjectOf(s, "google", "ada")
		address := b.Begin("google")
		if !strings.Contains(address, "access_type=offline") || !strings.Contains(address, "consent") {
			t.Errorf("Google is not asked for offline access: %s", address)
		}
		b.Want(b.Bring(b.Visit(address, "ada")), 303, linked)
		first, err := tokensOf(h, user, "google")
		if err != nil || first.Access == "" || first.Refresh == "" || !strings.Contains(first.Scope, "email") ||
			first.Expiry.IsZero() {
			t.Fatalf("kept %+v, %v", first, err)
		}
		row := identityOf(h, "google", subject)
		for _, secret := range []string{first.Access, first.Refresh, "access_", "refresh_"} {
			if row.Sealed == "" || strings.Contains(row.Sealed, secret) {
				t.Fatal("the row tells the tokens")
			}
		}
		before := s.Exchanges()
		if again, err := tokensOf(h, user, "google"); err != nil || again != first || s.Exchanges() != before {
			t.Error("live tokens were traded")
		}
		h.Clock.Advance(time.Hour)
		fresh, err := tokensOf(h, user, "google")
		if err != nil || fresh.Access == first.Access || fresh.Refresh != first.Refresh || s.Exchanges() != before+1 {
			t.Fatalf("expired tokens: %+v, %v, %d exchanges", fresh, err, s.Exchanges()-before)
		}
		if again, err := tokensOf(h, user, "google"); err != nil || again != fresh || s.Exchanges() != before+1 {
			t.Error("renewed tokens were not kept")
		}
		b.Want(b.Post("/confirm", "password", testkit.Password), 303, "/dashboard")
		b.Want(disconnect(b, "google", subject), 303, unlinked)
		if _, err := tokensOf(h, user, "google"); !errors.Is(err, account.ErrNoTokens) {
			t.Errorf("after disconnecting: %v", err)
		}
	}, "KEEP_PROVIDER_TOKENS=google,twitter")
}

// X gives a refresh token that is good once: of two who use it at once, both get what lives.
func TestRefreshTokensThatAreGoodOnce(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		user := h.Browser().By("twitter", "ada").User()
		for range 3 {
			h.Clock.Advance(3 * time.Hour)
			got, errs := make([]models.ProviderTokens, 4), make([]error, 4)
			testkit.Race(4, func(i int) { got[i], errs[i] = tokensOf(h, user, "twitter") })
			live, err := tokensOf(h, user, "twitter")
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
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range testkit.Providers {
			person := s.People(provider)[0].ID
			b := h.Browser()
			address := b.Begin(provider)
			if strings.Contains(address, "offline") {
				t.Errorf("%s is asked for what is not kept: %s", provider, address)
			}
			b.Want(b.Bring(b.Visit(address, person)), 303, "/dashboard")
			if row := identityOf(h, provider, subjectOf(s, provider, person)); row.Sealed != "" {
				t.Errorf("%s: something is kept", provider)
			}
			if _, err := tokensOf(h, b.User(), provider); !errors.Is(err, account.ErrNoTokens) {
				t.Errorf("%s: %v", provider, err)
			}
		}
	})
}
