package account

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/token"
	"gatehouse/models"
)

func (w *world) tokens(access, refresh string, life time.Duration) models.ProviderTokens {
	return models.ProviderTokens{Access: access, Refresh: refresh, Scope: "openid", Expiry: w.clock().Add(life)}
}

func (w *world) came(provider string, tokens models.ProviderTokens) models.User {
	w.t.Helper()
	identity := models.Identity{Provider: provider, Subject: "1", Email: "anna@example.com", Vouched: true, Tokens: tokens}
	user, _, _, err := w.resolved(identity)
	if err != nil {
		w.t.Fatal(err)
	}
	return user
}

func never(t *testing.T) RefreshTokens {
	return func(context.Context, string, models.ProviderTokens) (models.ProviderTokens, error) {
		t.Error("refreshed without need")
		return models.ProviderTokens{}, nil
	}
}

func TestProviderTokensRestSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.came("google", w.tokens("access-1", "refresh-1", time.Hour))
		kept := must[models.Identity](t)(w.db.Identities.Find(t.Context(), "google", "1"))
		if kept.Sealed == "" || strings.Contains(kept.Sealed, "access-1") {
			t.Fatalf("tokens at rest = %q", kept.Sealed)
		}
		got := must[models.ProviderTokens](t)(w.ProviderTokens(t.Context(), user.ID, "google", never(t)))
		if got.Access != "access-1" || got.Refresh != "refresh-1" || got.Scope != "openid" {
			t.Fatalf("tokens = %+v", got)
		}
		// A row copied onto another identity stays shut.
		wantErr(t, w.Link(t.Context(), w.as(user), models.Identity{Provider: "google", Subject: "2"}), nil)
		w.wait(time.Minute)
		wantErr(t, w.db.Identities.Used(t.Context(), models.Identity{Provider: "google", Subject: "2", Sealed: kept.Sealed},
			w.clock()), nil)
		_, err := w.ProviderTokens(t.Context(), user.ID, "google", never(t))
		wantErr(t, err, ErrNoTokens)
	})
}

func TestTokensOfOtherProvidersAreThrownAway(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.came("github", w.tokens("access-1", "refresh-1", time.Hour))
		user2 := w.came("github", w.tokens("access-2", "", time.Hour))
		kept := must[models.Identity](t)(w.db.Identities.Find(t.Context(), "github", "1"))
		if kept.Sealed != "" || user.ID != user2.ID {
			t.Fatalf("tokens at rest = %q", kept.Sealed)
		}
		_, err := w.ProviderTokens(t.Context(), user.ID, "github", never(t))
		wantErr(t, err, ErrNoTokens)
		_, err = w.ProviderTokens(t.Context(), user.ID, "google", never(t))
		wantErr(t, err, ErrNoTokens)
	})
}

func TestNoLongerKeptIsWipedAtTheNextSignIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.came("google", w.tokens("access-1", "refresh-1", time.Hour))
		w.rules.KeepTokens = nil
		_, err := w.ProviderTokens(t.Context(), user.ID, "google", never(t))
		wantErr(t, err, ErrNoTokens)
		w.came("google", w.tokens("access-2", "refresh-2", time.Hour))
		if kept := must[models.Identity](t)(w.db.Identities.Find(t.Context(), "google", "1")); kept.Sealed != "" {
			t.Fatalf("tokens at rest = %q", kept.Sealed)
		}
	})
}

func TestExpiredTokensAreTradedAndKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.came("google", w.tokens("access-1", "refresh-1", time.Hour))
		w.came("google", w.tokens("access-2", "", time.Hour)) // the second sign-in brings no refresh token
		w.wait(time.Hour)
		calls := 0
		trade := func(_ context.Context, provider string, old models.ProviderTokens) (models.ProviderTokens, error) {
			calls++
			if provider != "google" || old.Refresh != "refresh-1" {
				t.Errorf("refresh(%s, %+v)", provider, old)
			}
			return w.tokens("access-3", "", time.Hour), nil
		}
		for range 2 {
			got := must[models.ProviderTokens](t)(w.ProviderTokens(t.Context(), user.ID, "google", trade))
			if got.Access != "access-3" || got.Refresh != "refresh-1" || calls != 1 {
				t.Fatalf("tokens = %+v after %d calls", got, calls)
			}
		}
	})
}

func TestExpiredWithoutRefreshIsNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.came("google", w.tokens("access-1", "", time.Hour))
		w.wait(59*time.Minute + time.Second)
		_, err := w.ProviderTokens(t.Context(), user.ID, "google", never(t))
		wantErr(t, err, ErrNoTokens)
	})
}

// The provider takes each refresh token once: whoever is late, with an error or with tokens that
// are stale already, gets what the winner kept.
func TestRacingTradesAllGetTheWinnersTokens(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]error{"refused": errors.New("invalid_grant"), "too late": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, w *world) { raceTrades(t, w, late) })
		})
	}
}

func raceTrades(t *testing.T, w *world, late error) {
	user := w.came("google", w.tokens("access-1", "refresh-1", -time.Hour))
	var callers atomic.Int32
	both, won := make(chan struct{}), make(chan struct{})
	trade := func(context.Context, string, models.ProviderTokens) (models.ProviderTokens, error) {
		if callers.Add(1) == 1 {
			<-both
			return w.tokens("access-2", "refresh-2", time.Hour), nil
		}
		close(both)
		<-won
		return w.tokens("access-3", "refresh-3", time.Hour), late
	}
	first := sync.OnceFunc(func() { close(won) })
	answers := race(2, func(int) error {
		got, err := w.ProviderTokens(t.Context(), user.ID, "google", trade)
		first()
		if err == nil && got.Access != "access-2" {
			return errors.New("got " + got.Access)
		}
		return err
	})
	if answers[nil] != 2 {
		t.Fatalf("answers = %v", answers)
	}
}

func TestAFailedTradeIsAnError(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.came("google", w.tokens("access-1", "refresh-1", -time.Hour))
		down := errors.New("provider down")
		_, err := w.ProviderTokens(t.Context(), user.ID, "google",
			func(context.Context, string, models.ProviderTokens) (models.ProviderTokens, error) {
				return models.ProviderTokens{}, down
			})
		wantErr(t, err, down)
	})
}

// Provider tokens rest under the data key: they outlive the secret that was there when they came.
func TestTokensOutliveADroppedSecret(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.came("google", w.tokens("access-1", "refresh-1", time.Hour))
		w.data = w.dataKey("n", "s") // a new secret is added, and the old one dropped
		w.data = w.dataKey("n")
		tokens := must[models.ProviderTokens](t)(w.ProviderTokens(t.Context(), user.ID, "google", never(t)))
		if tokens.Access != "access-1" {
			t.Fatalf("tokens %+v", tokens)
		}
	})
}

func TestTokensThatDoNotOpenAreNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.came("google", w.tokens("access-1", "refresh-1", time.Hour))
		w.data = token.NewDataKey()
		_, err := w.ProviderTokens(t.Context(), user.ID, "google", never(t))
		wantErr(t, err, ErrNoTokens)
		w.came("google", w.tokens("access-2", "refresh-2", time.Hour)) // and do not bar the way in
	})
}
