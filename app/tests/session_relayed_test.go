package tests

import (
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// An app that relays a refresh and asks with the new token acknowledges nothing for the browser: where that answer is
// lost, the browser comes back with the token before, and is given the same successor again instead of being taken
// for a thief. A page, which has both cookies, acknowledges as ever.
func TestAnAppThatAsksAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		user := b.User()
		b.Get("/dashboard")
		h.Confirmed(user)
		relay := b.Copy()
		relay.Want(relay.Post("/auth/refresh"), 204, "") // the browser's answer is lost
		asking := h.Browser()
		asking.Keep("access", relay.Cookies()["access"])
		if got := asking.Get("/auth/session"); got.Status != 200 {
			t.Fatalf("the app is told %d", got.Status)
		}
		asking.Keep("refresh", b.Cookies()["refresh"]) // the token before proves nothing either
		asking.Get("/auth/session")
		other := h.Browser().SignUp(testkit.Someone())
		other.Get("/dashboard")
		h.Confirmed(other.User()) // so would this one be by now
		h.Clock.Advance(time.Minute)
		b.Want(b.Post("/auth/refresh"), 204, "")
		if b.Cookies()["refresh"] != relay.Cookies()["refresh"] || h.Happened(user, models.EventReuse) != 0 {
			t.Error("a lost answer was taken for reuse")
		}
		b.Get("/auth/session")
		h.Confirmed(user)
	})
}
