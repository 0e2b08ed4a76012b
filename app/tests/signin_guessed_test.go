package tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// Guesses by strangers keep the owner out of nothing that they can prove to be theirs.
func TestNoLockoutByStrangers(t *testing.T) {
	t.Parallel()
	t.Run("a reset makes no stranger of its owner", func(t *testing.T) {
		t.Parallel()
		h := testkit.NewHouse(t)
		email := testkit.Someone()
		h.Browser().SignUp(email)
		exhausted(h, email)
		owner := h.Browser()
		owner.Want(owner.Post("/forgot", "email", email), 303, "/reset")
		owner.Want(owner.Post("/reset", "code", newestCode(h, email, 1, resetSubject), "password", otherPassword), 303,
			"/sign-in?notice=reset&next=%2Fdashboard")
		owner.Want(owner.Post("/sign-in", "email", email, "password", otherPassword), 303, "/dashboard")
	})
	t.Run("mails that strangers asked for", func(t *testing.T) {
		t.Parallel()
		h := testkit.NewHouse(t)
		email := testkit.Someone()
		owner := h.Browser().SignUp(email)
		owner.Want(owner.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		stranger := h.Browser()
		for range 12 {
			stranger.From = testkit.AnyAddress()
			stranger.Want(stranger.Post("/forgot", "email", email), 303, "/reset")
		}
		owner.Want(owner.Post("/forgot", "email", email), 303, "/reset")
		code := newestCode(h, email, 3, resetSubject)
		owner.Want(owner.Post("/reset", "code", code, "password", otherPassword),
			303, "/sign-in?notice=reset&next=%2Fdashboard")
	})
	t.Run("mistakes in a form send no mail", func(t *testing.T) {
		t.Parallel()
		h := testkit.NewHouse(t)
		b, email := h.Browser(), testkit.Someone()
		for range 11 {
			if got := b.Post("/sign-up", "name", "Ada", "email", email, "password", "short"); got.Status != 422 {
				t.Fatal(got.Status)
			}
		}
		b.Want(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password), 303, "/verify")
	})
	t.Run("clients of a proxy that names ports", func(t *testing.T) {
		t.Parallel()
		h := testkit.NewHouse(t)
		b := h.Browser()
		for i := range 61 {
			b.From = fmt.Sprintf("203.0.113.%d:4711", i+1)
			if got := b.Post("/sign-in", "email", "nobody"); got.Status != 422 {
				t.Fatalf("client %d, its first try: %d", i+1, got.Status)
			}
		}
	})
}

// A few addresses cannot use up what an account allows strangers: each uses up its own share first.
func TestOneAddressCannotUseUpAnAccount(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		h.Browser().SignUp(email)
		for range 3 {
			stranger := h.Browser()
			stranger.From = testkit.AnyAddress()
			for range 40 {
				stranger.Post("/sign-in", "email", email, "password", typedPassword)
			}
		}
		fresh := h.Browser()
		fresh.From = testkit.AnyAddress()
		fresh.SignIn(email)
	})
}

// Signing in is no failure, however often.
func TestRightPasswordsAreNotCounted(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		h.Browser().SignUp(email)
		for range 55 {
			fresh := h.Browser()
			fresh.SignIn(email)
		}
	})
}

// A code that is shared is not used up by those who share it: tries belong to a flow.
func TestStrangersUseUpNoTries(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		h.Browser().SignUp(email)
		var flows []*testkit.Browser
		for range 8 {
			stranger := h.Browser()
			stranger.From = testkit.AnyAddress()
			stranger.Want(stranger.Post("/forgot", "email", email), 303, "/reset")
			flows = append(flows, stranger)
		}
		owner := h.Browser()
		owner.From = testkit.AnyAddress()
		owner.Want(owner.Post("/forgot", "email", email), 303, "/reset")
		testkit.Race(len(flows), func(i int) {
			for range 7 {
				flows[i].Try(http.MethodPost, "/reset", map[string][]string{"code": {"2222-2222"}, "password": {otherPassword}})
			}
		})
		code := newestCode(h, email, 3, resetSubject)
		if got := flows[0].Post("/reset", "code", code, "password", otherPassword); got.Status != 422 ||
			!strings.Contains(got.Body, "no longer works") {
			t.Errorf("a sixth try, and it is right: %d %s", got.Status, testkit.Text(got.Body))
		}
		owner.Want(owner.Post("/reset", "code", code, "password", otherPassword),
			303, "/sign-in?notice=reset&next=%2Fdashboard")
		late := flows[7].Copy()
		late.Keep("reset", owner.Cookies()["reset"])
		if got := late.Post("/reset", "code", code, "password", testkit.Password); got.Status == 303 &&
			got.To() == "/sign-in?notice=reset&next=%2Fdashboard" {
			t.Error("the code worked twice")
		}
	})
}
