package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// enterAs signs someone in, remembered ("on") or not ("").
func enterAs(t *testing.T, h *testkit.House, remember string) *testkit.Browser {
	t.Helper()
	email := testkit.Someone()
	b := h.Browser().SignUp(email)
	b.Want(b.Post("/sign-in", "email", email, "password", testkit.Password, "remember", remember), 303, "/dashboard")
	return b
}

func TestSessionsEndWhenIdle(t *testing.T) {
	t.Parallel()
	for remember, idle := range map[string]time.Duration{"on": 7 * 24 * time.Hour, "": 12 * time.Hour} {
		t.Run("remember="+remember, func(t *testing.T) {
			t.Parallel()
			testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
				b := enterAs(t, h, remember)
				h.Clock.Advance(idle - time.Minute)
				if !b.SignedIn() {
					t.Fatalf("out after %s, a minute early", idle-time.Minute)
				}
				h.Clock.Advance(idle + time.Minute)
				b.Refuses("idle for too long")
				if got := b.Get("/dashboard"); got.To() != "/sign-in?notice=ended&next=%2Fdashboard" {
					t.Errorf("led to %q", got.To())
				}
			})
		})
	}
}

// However busy a session is, its absolute end never moves.
func TestAbsoluteEndNeverMoves(t *testing.T) {
	t.Parallel()
	type life struct{ step, max time.Duration }
	for remember, life := range map[string]life{"on": {6 * 24 * time.Hour, 30 * 24 * time.Hour},
		"": {11 * time.Hour, 24 * time.Hour}} {
		t.Run("remember="+remember, func(t *testing.T) {
			t.Parallel()
			testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
				b := enterAs(t, h, remember)
				user, began, ends := b.User(), h.Clock.Now(), h.Record(b.User()).EndsAt
				for h.Clock.Now().Sub(began) < life.max-time.Minute {
					h.Clock.Advance(min(life.step, life.max-time.Minute-h.Clock.Now().Sub(began)))
					if !b.SignedIn() {
						t.Fatalf("out after %s of %s", h.Clock.Now().Sub(began), life.max)
					}
					if now := h.Record(user).EndsAt; !now.Equal(ends) {
						t.Fatalf("the end moved from %s to %s", ends, now)
					}
					if access := time.Unix(int64(testkit.Claims(t, b.Cookies()["access"])["exp"].(float64)), 0); access.After(ends) {
						t.Fatalf("an access token lives until %s, its session until %s", access, ends)
					}
				}
				h.Clock.Advance(2 * time.Minute)
				b.Refuses("past the absolute end")
				if events := h.Happened(user, models.EventReuse); events != 0 {
					t.Error("an end in time was called reuse")
				}
			})
		})
	}
}

// setCookies are an answer's raw cookies, by name.
func setCookies(got testkit.Answer) map[string]string {
	found := map[string]string{}
	for _, raw := range got.Header.Values("Set-Cookie") {
		name, _, _ := strings.Cut(raw, "=")
		found[name] = raw
	}
	return found
}

// Without "Keep me signed in", closing the browser is enough, also after refreshes.
func TestBriefSessionsGoWithTheBrowser(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	for _, remember := range []string{"on", ""} {
		b := enterAs(t, h, remember)
		for _, got := range []testkit.Answer{b.Post("/auth/refresh"), b.Post("/auth/refresh")} {
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
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		user, copied, elsewhere := b.User(), b.Copy(), b.Copy()
		elsewhere.Want(elsewhere.Post("/auth/refresh"), 204, "")
		got := b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		if got.Header.Get("Clear-Site-Data") != "" { // another app may share the origin, and its storage
			t.Errorf("Clear-Site-Data: %q", got.Header.Get("Clear-Site-Data"))
		}
		if b.Cookies()["access"]+b.Cookies()["refresh"] != "" {
			t.Error("cookies stayed")
		}
		for range 3 { // with the tokens of before: the record is not filled by it
			again := elsewhere.Copy()
			again.Want(again.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		}
		copied.Refuses("signed out")
		elsewhere.Refuses("signed out, with a newer pair")
		if h.Happened(user, models.EventReuse) != 0 || h.Happened(user, models.EventSignedOut) != 1 {
			t.Error("signing out is one event, and none of reuse")
		}
		b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	})
}

// Signing out works with an access token that ran out, and a GET of the address does nothing.
func TestSignOutAfterExpiry(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		b.Do(http.MethodGet, "/auth/sign-out", nil)
		if !b.SignedIn() {
			t.Fatal("a GET signed someone out")
		}
		copied := b.Copy()
		h.Clock.Advance(time.Hour)
		b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		copied.Refuses("signed out after the access token ran out")
	})
}

// What answers a request of the old session must not take the new session's cookies along.
func TestAnswersToTheOldSessionTakeNothingAway(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		h.Clock.Advance(time.Minute)
		old := b.Copy()
		b.Want(b.Post("/confirm", "password", testkit.Password, "next", "/profile"), 303, "/profile")
		for _, late := range []testkit.Answer{old.Get("/dashboard"), old.Post("/confirm", "password", testkit.Password),
			old.Post("/profile", "section", "details"), old.Post("/auth/refresh")} {
			if len(late.Header["Set-Cookie"]) > 0 {
				t.Errorf("%d to %q: %q", late.Status, late.To(), late.Header["Set-Cookie"])
			}
		}
	})
}
