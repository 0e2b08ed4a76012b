package main

import (
	"testing"
	"time"
)

func TestRestartSignsNobodyOut(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		visitor, sleeper, leaver := h.browser().signUp(someone()), h.browser().signUp(someone()), h.browser().signUp(someone())
		copied := leaver.copy()
		leaver.want(leaver.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		h.restart()
		if copied.get("/auth/session").status != 401 {
			t.Error("an ended session opens again after a restart, while its access token lives")
		}
		copied.refuses("signed out before the restart")
		if !visitor.signedIn() {
			t.Error("a restart signed someone out")
		}
		h.clock.advance(11 * time.Minute)
		h.restart()
		if !sleeper.signedIn() || !visitor.signedIn() {
			t.Error("a restart signed out someone whose access token had run out")
		}
	})
}

// A refresh under way when the process ends is answered or lost; either way the next one works.
func TestRestartBetweenTradeAndUse(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		lost := b.copy()
		lost.want(lost.post("/auth/refresh"), 204, "")
		h.restart()
		h.clock.advance(2 * time.Hour)
		b.want(b.post("/auth/refresh"), 204, "")
		if b.cookies()["refresh"] != lost.cookies()["refresh"] || !b.signedIn() {
			t.Error("the answer lost in a restart did not come again")
		}
	})
}

// Secrets are rotated by adding the new one, promoting it, and dropping the old one. Whoever came
// by in between stays signed in; dropping ends exactly what the old one signed.
func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	const first, second = "the first secret is long enough to be one", "the second secret is long enough to be one"
	everyStore(t, func(t *testing.T, h *house) {
		regular, sleeper := h.browser().signUp(someone()), h.browser().signUp(someone())
		h.restart("APP_SECRETS=" + first + "," + second)
		if !regular.signedIn() || !sleeper.copy().signedIn() {
			t.Fatal("adding a secret signed someone out")
		}
		h.restart("APP_SECRETS=" + second + "," + first)
		if got := regular.get("/auth/session"); got.status != 200 || !regular.signedIn() {
			t.Fatalf("promoting a secret signed someone out, or cost them their access token: %d", got.status)
		}
		newcomer := h.browser().signUp(someone())
		h.clock.advance(11 * time.Minute)
		if !regular.signedIn() || !newcomer.signedIn() {
			t.Fatal("a refresh after the promotion signed someone out")
		}
		h.restart("APP_SECRETS=" + second)
		if !regular.signedIn() || !newcomer.signedIn() {
			t.Error("dropping the old secret signed out someone who had come by")
		}
		h.clock.advance(11 * time.Minute)
		if regular.post("/auth/refresh").status != 204 {
			t.Error("a refresh token of the new secret is refused")
		}
		sleeper.refuses("its secret was dropped")
		if !regular.signedIn() {
			t.Error("the end of one session took another with it")
		}
	}, "APP_SECRETS="+first)
}
