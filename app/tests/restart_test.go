package tests

import (
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

func TestRestartSignsNobodyOut(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		visitor, sleeper, leaver := h.Browser().SignUp(testkit.Someone()), h.Browser().SignUp(testkit.Someone()), h.Browser().
			SignUp(testkit.Someone())
		copied := leaver.Copy()
		leaver.Want(leaver.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		h.Restart()
		if copied.Get("/auth/session").Status != 401 {
			t.Error("an ended session opens again after a restart, while its access token lives")
		}
		copied.Refuses("signed out before the restart")
		if !visitor.SignedIn() {
			t.Error("a restart signed someone out")
		}
		h.Clock.Advance(11 * time.Minute)
		h.Restart()
		if !sleeper.SignedIn() || !visitor.SignedIn() {
			t.Error("a restart signed out someone whose access token had run out")
		}
	})
}

// A refresh under way when the process ends is answered or lost; either way the next one works.
func TestRestartBetweenTradeAndUse(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		lost := b.Copy()
		lost.Want(lost.Post("/auth/refresh"), 204, "")
		h.Restart()
		h.Clock.Advance(2 * time.Hour)
		b.Want(b.Post("/auth/refresh"), 204, "")
		if b.Cookies()["refresh"] != lost.Cookies()["refresh"] || !b.SignedIn() {
			t.Error("the answer lost in a restart did not come again")
		}
	})
}

// Secrets are rotated by adding the new one, promoting it, and dropping the old one. Whoever came
// by in between stays signed in; dropping ends exactly what the old one signed.
func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	const first, second = "the first secret is long enough to be one", "the second secret is long enough to be one"
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		regular, sleeper := h.Browser().SignUp(testkit.Someone()), h.Browser().SignUp(testkit.Someone())
		h.Restart("APP_SECRETS=" + first + "," + second)
		if !regular.SignedIn() || !sleeper.Copy().SignedIn() {
			t.Fatal("adding a secret signed someone out")
		}
		h.Restart("APP_SECRETS=" + second + "," + first)
		if got := regular.Get("/auth/session"); got.Status != 200 || !regular.SignedIn() {
			t.Fatalf("promoting a secret signed someone out, or cost them their access token: %d", got.Status)
		}
		newcomer := h.Browser().SignUp(testkit.Someone())
		h.Clock.Advance(11 * time.Minute)
		if !regular.SignedIn() || !newcomer.SignedIn() {
			t.Fatal("a refresh after the promotion signed someone out")
		}
		h.Restart("APP_SECRETS=" + second)
		if !regular.SignedIn() || !newcomer.SignedIn() {
			t.Error("dropping the old secret signed out someone who had come by")
		}
		h.Clock.Advance(11 * time.Minute)
		if regular.Post("/auth/refresh").Status != 204 {
			t.Error("a refresh token of the new secret is refused")
		}
		sleeper.Refuses("its secret was dropped")
		if !regular.SignedIn() {
			t.Error("the end of one session took another with it")
		}
	}, "APP_SECRETS="+first)
}
