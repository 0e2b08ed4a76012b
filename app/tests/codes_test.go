package tests

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// pending is a browser that waits for the code of a sign-up.
func pending(h *testkit.House, email string) *testkit.Browser {
	b := h.Browser()
	b.Want(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password), 303, "/verify")
	return b
}

// wrong is a code other than this one.
func wrong(code string) string {
	if code == "2222-2222" {
		return "3333-3333"
	}
	return "2222-2222"
}

const spent = "This code no longer works. Send a new one."

// Five wrong tries burn a code, one after another or fifty at once.
func TestGuessingBurnsACode(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := pending(h, email)
		code := h.Code(email)
		guess := map[string][]string{"code": {wrong(code)}}
		var tried, refused atomic.Int32
		testkit.Race(50, func(int) {
			guesser := b.Copy()
			guesser.From = testkit.AnyAddress()
			switch got := guesser.Try(http.MethodPost, "/verify", guess); {
			case got.Status == 422 && strings.Contains(got.Body, spent):
				refused.Add(1)
			case got.Status == 422:
				tried.Add(1)
			}
		})
		if tried.Load() != 5 || refused.Load() != 45 {
			t.Errorf("%d guesses compared and %d refused, want 5 and 45", tried.Load(), refused.Load())
		}
		if got := b.Post("/verify", "code", code); got.Status != 422 || !strings.Contains(got.Body, spent) {
			t.Errorf("the right code, after five wrong ones: %d %s", got.Status, testkit.Text(got.Body))
		}
		h.Clock.Advance(time.Minute)
		b.Post("/verify", "action", "resend")
		b.Want(b.Post("/verify", "code", h.Code(email)), 303, "/dashboard")
	}, "LIMITS=off")
}

// A code works once, however fast the button is pressed.
func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := pending(h, email)
		tabs := make([]*testkit.Browser, 20)
		for i := range tabs {
			tabs[i] = b.Copy()
		}
		right := map[string][]string{"code": {h.Code(email)}}
		var entered, refused atomic.Int32
		testkit.Race(len(tabs), func(i int) {
			switch got := tabs[i].Try(http.MethodPost, "/verify", right); {
			case got.Status == 303 && got.To() == "/dashboard":
				entered.Add(1)
			case got.Status == 422 && strings.Contains(got.Body, spent), got.To() == "/sign-in?notice=ready&next=%2Fdashboard":
				refused.Add(1)
			}
		})
		if entered.Load() != 1 || refused.Load() != 19 {
			t.Errorf("%d entered and %d were refused, want 1 and 19", entered.Load(), refused.Load())
		}
		user, err := h.DB.Users.ByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		h.Record(user.ID)
		h.Browser().SignIn(email)
	})
}

// A reset code is spent by the reset, together with the others that were asked for.
func TestAResetCodeWorksOnce(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		h.Browser().SignUp(email)
		b := h.Browser()
		b.Want(b.Post("/forgot", "email", email), 303, "/reset")
		first := h.Code(email)
		h.Clock.Advance(time.Minute)
		b.Post("/reset", "action", "resend")
		second, late := h.Code(email), b.Copy()
		tabs := make([]*testkit.Browser, 8)
		for i := range tabs {
			tabs[i] = b.Copy()
		}
		var done atomic.Int32
		testkit.Race(len(tabs), func(i int) {
			form := map[string][]string{"code": {second}, "password": {fmt.Sprintf("another way to the gatehouse, %d", i)}}
			if tabs[i].Try(http.MethodPost, "/reset", form).Status == 303 {
				done.Add(1)
			}
		})
		if done.Load() != 1 {
			t.Errorf("one code reset the password %d times", done.Load())
		}
		if got := late.Post("/reset", "code", first, "password", "another way to the gatehouse"); got.Status != 422 {
			t.Errorf("the code before the last: %d", got.Status)
		}
	}, "LIMITS=off")
}

// A second press of the button, without JavaScript, finds the code used and the password as typed. It
// changes nothing more, and whoever has no code learns nothing from it.
func TestSecondPressOfResetIsTheFirst(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		h.Browser().SignUp(email)
		b := h.Browser()
		b.Want(b.Post("/forgot", "email", email), 303, "/reset")
		second, code, changed := b.Copy(), h.Code(email), "another way to the gatehouse"
		b.Want(b.Post("/reset", "code", code, "password", changed), 303, "/sign-in?notice=reset&next=%2Fdashboard")
		b.Want(b.Post("/sign-in", "email", email, "password", changed), 303, "/dashboard")
		for _, tried := range [][2]string{{code, "a third way to the gatehouse"}, {"2222-2222", changed}, {"", changed}} {
			if got := second.Post("/reset", "code", tried[0], "password", tried[1]); got.Status != 422 ||
				!strings.Contains(got.Body, spent) && tried[0] != "" {
				t.Errorf("code %q, password %q: %d %s", tried[0], tried[1], got.Status, testkit.Text(got.Body))
			}
		}
		second.Want(second.Post("/reset", "code", code, "password", changed), 303, "/sign-in?notice=reset&next=%2Fdashboard")
		if b.Get("/dashboard").Status != 200 || h.Happened(b.User(), models.EventPasswordReset) != 1 {
			t.Error("the second press reset the password again")
		}
	})
}

// Nobody guesses at a code that was used, either.
func TestAUsedCodeHasFiveTries(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "LIMITS=off")
	email := testkit.Someone()
	h.Browser().SignUp(email)
	b := h.Browser()
	b.Want(b.Post("/forgot", "email", email), 303, "/reset")
	second, code, changed := b.Copy(), h.Code(email), "another way to the gatehouse"
	b.Want(b.Post("/reset", "code", code, "password", changed), 303, "/sign-in?notice=reset&next=%2Fdashboard")
	for range 5 {
		second.Post("/reset", "code", "2222-2222", "password", changed)
	}
	if got := second.Post("/reset", "code", code, "password", changed); got.Status != 422 {
		t.Errorf("the sixth try: %d", got.Status)
	}
}

// Scanners follow links and look at pages before people do.
func TestLookingConsumesNothing(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	b := pending(h, email)
	code := h.Code(email)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		for _, path := range []string{"/verify?code=" + code, "/verify?code=" + wrong(code), "/verify?action=resend"} {
			for range 6 {
				b.Do(method, path, nil)
			}
		}
	}
	if mails := len(h.Mailbox.All()); mails != 1 {
		t.Errorf("%d mails, want 1", mails)
	}
	b.Want(b.Post("/verify", "code", code), 303, "/dashboard")
}

// A code is over after ten minutes, and the page still knows whom to send a new one.
func TestACodeExpires(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email, other := testkit.Someone(), testkit.Someone()
	early, late := pending(h, email), pending(h, other)
	first, second := h.Code(email), h.Code(other)
	h.Clock.Advance(9*time.Minute + 50*time.Second)
	early.Want(early.Post("/verify", "code", first), 303, "/dashboard")
	h.Clock.Advance(15 * time.Second)
	if got := late.Post("/verify", "code", second); got.Status != 422 || !strings.Contains(got.Body, spent) ||
		!strings.Contains(got.Body, other) {
		t.Fatalf("after ten minutes: %d to %q %s", got.Status, got.To(), testkit.Text(got.Body))
	}
	late.Post("/verify", "action", "resend")
	late.Want(late.Post("/verify", "code", h.Code(other)), 303, "/dashboard")

	forgetful := h.Browser()
	forgetful.Want(forgetful.Post("/forgot", "email", email), 303, "/reset")
	reset := h.Code(email)
	h.Clock.Advance(10*time.Minute + time.Second)
	if got := forgetful.Post("/reset", "code", reset, "password", "another way to the gatehouse"); got.Status != 422 ||
		!strings.Contains(got.Body, spent) {
		t.Errorf("a reset after ten minutes: %d to %q", got.Status, got.To())
	}
}

// A code opens only the flow of the browser that asked for it.
func TestACodeIsBoundToItsBrowser(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	owner, other := pending(h, email), pending(h, testkit.Someone())
	code := h.Code(email)
	other.Post("/verify", "code", code)
	stranger := h.Browser()
	stranger.Want(stranger.Post("/verify", "code", code), 303, "/sign-up")
	stranger.Want(stranger.Get("/verify"), 303, "/sign-up")
	stranger.Want(stranger.Post("/reset", "code", code, "password", testkit.Password), 303, "/forgot")
	if other.SignedIn() || stranger.SignedIn() {
		t.Error("a code opened another browser's flow")
	}
	owner.Want(owner.Post("/verify", "code", code), 303, "/dashboard")
}
