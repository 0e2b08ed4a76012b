package oauth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func TestKeptTokensAreRefreshed(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *Settings) { s.Keep = everyone })
	for provider, rotates := range map[string]bool{"google": false, "twitter": true, "apple": false, "oidc": true} {
		who, err := w.signIn(provider, "ada")
		if err != nil {
			t.Fatal(provider, err)
		}
		w.pass(3 * time.Hour)
		fresh, err := w.providers.Refresh(t.Context(), provider, who.Tokens)
		if err != nil {
			t.Fatal(provider, err)
		}
		if fresh.Access == who.Tokens.Access || fresh.Access == "" || !fresh.Expiry.After(w.now()) || fresh.Scope == "" {
			t.Errorf("%s: %+v", provider, fresh)
		}
		if fresh.Refresh == "" || rotates != (fresh.Refresh != who.Tokens.Refresh) {
			t.Errorf("%s: refresh token %+v", provider, fresh)
		}
	}
}

func TestRefreshThatFails(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *Settings) { s.Keep = everyone })
	for _, provider := range []string{"google", "twitter", "apple", "oidc"} {
		if err := w.tryBegin(provider); err != nil {
			t.Fatal(err)
		}
		for fault, want := range map[string]error{"": ErrProvider, "token-500": ErrUnavailable, "token-429": ErrLimited,
			"token-redirect": ErrProvider} {
			w.fail(provider, fault)
			_, err := w.providers.Refresh(t.Context(), provider, models.ProviderTokens{Refresh: "refresh_revoked"})
			w.quiet(err)
			if !errors.Is(err, want) {
				t.Errorf("%s, %s: %v", provider, fault, err)
			}
		}
	}
	if _, err := w.providers.Refresh(t.Context(), "github", models.ProviderTokens{Access: "access_x"}); !errors.Is(err,
		ErrProvider) || !strings.Contains(err.Error(), "gave no refresh token") {
		t.Error(err)
	}
	if _, err := w.providers.Refresh(t.Context(), "nobody", models.ProviderTokens{}); !errors.Is(err, ErrUnknownProvider) {
		t.Error(err)
	}
}
