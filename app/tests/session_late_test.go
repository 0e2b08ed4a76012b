package tests

import (
	"testing"

	"gatehouse/app/tests/testkit"
)

// A late answer must not take a newer session's cookies: only sign-out clears them, and the sign-in page, of the very
// pair that it was shown.
func TestLateAnswersClearNothing(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		stale := b.Copy()
		b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		for name, got := range map[string]testkit.Answer{
			"a refresh": stale.Copy().Post("/auth/refresh"), "the start": stale.Copy().Get("/"), "a guests' page": stale.Copy().Get("/forgot"),
			"a users' page": stale.Copy().Get("/dashboard"), "a question": stale.Copy().Get("/auth/session"),
		} {
			if cookies := got.Header["Set-Cookie"]; len(cookies) > 0 {
				t.Errorf("%s answers an ended session with %q", name, cookies)
			}
		}
		if got := stale.Get("/sign-in?notice=ended"); got.Status != 200 || stale.Cookies()["refresh"] != "" {
			t.Errorf("the sign-in page leaves the pair it was shown: %d, %v", got.Status, stale.Cookies())
		}
	})
}
