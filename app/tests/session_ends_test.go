package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// enterAs signs someone in, remembered ("on") or not ("").
func enterAs(t *testing.T, h *house, remember string) *browser {
	t.Helper()
	email := someone()
	b := h.browser().signUp(email)
	b.want(b.post("/sign-in", "email", email, "password", password, "remember", remember), 303, "/dashboard")
	return b
}

func TestSessionsEndWhenIdle(t *testing.T) {
	t.Parallel()
	for remember, idle := range map[string]time.Duration{"on": 7 * 24 * time.Hour, "": 12 * time.Hour} {
		t.Run("remember="+remember, func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, h *house) {
				b := enterAs(t, h, remember)
				h.clock.advance(idle - time.Minute)
				if !b.signedIn() {
					t.Fatalf("out after %s, a minute early", idle-time.Minute)
				}
				h.clock.advance(idle + time.Minute)
				b.refuses("idle for too long")
				if got := b.get("/dashboard"); got.to() != "/sign-in?notice=ended&next=%2Fdashboard" {
					t.Errorf("led to %q", got.to())
				}
			})
		})
	}
}

// However busy a session is, its absolute end never moves.
func TestAbsoluteEndNeverMoves(t *testing.T) {
	t.Parallel()
	type life struct{ step, max time.Duration }
	for remember, life := range map[string]life{"on": {6 * 24 * time.Hour, 30 * 24 * time.Hour}, "": {11 * time.Hour, 24 * time.Hour}} {
		t.Run("remember="+remember, func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, h *house) {
				b := enterAs(t, h, remember)
				user, began, ends := b.user(), h.clock.now(), h.record(b.user()).EndsAt
				for h.clock.now().Sub(began) < life.max-time.Minute {
					h.clock.advance(min(life.step, life.max-time.Minute-h.clock.now().Sub(began)))
					if !b.signedIn() {
						t.Fatalf("out after %s of %s", h.clock.now().Sub(began), life.max)
					}
					if now := h.record(user).EndsAt; !now.Equal(ends) {
						t.Fatalf("the end moved from %s to %s", ends, now)
					}
					if access := time.Unix(int64(claims(t, b.cookies()["access"])["exp"].(float64)), 0); access.After(ends) {
						t.Fatalf("an access token lives until %s, its session until %s", access, ends)
					}
				}
				h.clock.advance(2 * time.Minute)
				b.refuses("past the absolute end")
				if events := h.happened(user, models.EventReuse); events != 0 {
					t.Error("an end in time was called reuse")
				}
			})
		})
	}
}

// setCookies are an answer's raw cookies, by name.
func setCookies(got answer) map[string]string {
	found := map[string]string{}
	for _, raw := range got.header.Values("Set-Cookie") {
		name, _, _ := strings.Cut(raw, "=")
		found[name] = raw
	}
	return found
}

// Without "Keep me signed in", closing the browser is enough, also after refreshes.
func TestBriefSessionsGoWithTheBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, remember := range []string{"on", ""} {
		b := enterAs(t, h, remember)
		for _, got := range []answer{b.post("/auth/refresh"), b.post("/auth/refresh")} {
			for _, name := range []string{"access", "refresh"} {
				raw := strings.ToLower(setCookies(got)[name])
				kept := strings.Contains(raw, "max-age") || strings.Contains(raw, "expires")
				if raw == "" || kept != (remember == "on") {
					t.Errorf("remember=%q: %s", remember, raw)
				}
			}
		}
	}
}

// Signing out ends the session itself: what was copied before is worth nothing afterwards.
func TestSignOutEndsAtOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		user, copied, elsewhere := b.user(), b.copy(), b.copy()
		elsewhere.want(elsewhere.post("/auth/refresh"), 204, "")
		got := b.want(b.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		if got.header.Get("Clear-Site-Data") != `"cache", "storage"` {
			t.Errorf("Clear-Site-Data: %q", got.header.Get("Clear-Site-Data"))
		}
		if b.cookies()["access"]+b.cookies()["refresh"] != "" {
			t.Error("cookies stayed")
		}
		copied.refuses("signed out")
		elsewhere.refuses("signed out, with a newer pair")
		if h.happened(user, models.EventReuse) != 0 || h.happened(user, models.EventSignedOut) != 1 {
			t.Error("signing out is one event, and none of reuse")
		}
		b.want(b.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	})
}

// Signing out works with an access token that ran out, and a GET of the address does nothing.
func TestSignOutAfterExpiry(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		b.do(http.MethodGet, "/auth/sign-out", nil)
		if !b.signedIn() {
			t.Fatal("a GET signed someone out")
		}
		copied := b.copy()
		h.clock.advance(time.Hour)
		b.want(b.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		copied.refuses("signed out after the access token ran out")
	})
}
