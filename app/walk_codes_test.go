package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/models"
)

// pending is a browser that waits for the code of a sign-up.
func pending(h *house, email string) *browser {
	b := h.browser()
	b.want(b.post("/sign-up", "name", "Ada", "email", email, "password", password), 303, "/verify")
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
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		b := pending(h, email)
		code := h.code(email)
		guess := map[string][]string{"code": {wrong(code)}}
		var tried, refused atomic.Int32
		race(50, func(int) {
			guesser := b.copy()
			guesser.from = anyAddress()
			switch got := guesser.try(http.MethodPost, "/verify", guess); {
			case got.status == 422 && strings.Contains(got.body, spent):
				refused.Add(1)
			case got.status == 422:
				tried.Add(1)
			}
		})
		if tried.Load() != 5 || refused.Load() != 45 {
			t.Errorf("%d guesses compared and %d refused, want 5 and 45", tried.Load(), refused.Load())
		}
		if got := b.post("/verify", "code", code); got.status != 422 || !strings.Contains(got.body, spent) {
			t.Errorf("the right code, after five wrong ones: %d %s", got.status, text(got.body))
		}
		h.clock.advance(time.Minute)
		b.post("/verify", "action", "resend")
		b.want(b.post("/verify", "code", h.code(email)), 303, "/dashboard")
	}, "LIMITS=off")
}

// A code works once, however fast the button is pressed.
func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		b := pending(h, email)
		tabs := make([]*browser, 20)
		for i := range tabs {
			tabs[i] = b.copy()
		}
		right := map[string][]string{"code": {h.code(email)}}
		var entered, refused atomic.Int32
		race(len(tabs), func(i int) {
			switch got := tabs[i].try(http.MethodPost, "/verify", right); {
			case got.status == 303 && got.to() == "/dashboard":
				entered.Add(1)
			case got.status == 422 && strings.Contains(got.body, spent), got.to() == "/sign-in?notice=ready&next=%2Fdashboard":
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
		h.record(user.ID)
		h.browser().signIn(email)
	})
}

// A reset code is spent by the reset, together with the others that were asked for.
func TestAResetCodeWorksOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		h.browser().signUp(email)
		b := h.browser()
		b.want(b.post("/forgot", "email", email), 303, "/reset")
		first := h.code(email)
		h.clock.advance(time.Minute)
		b.post("/reset", "action", "resend")
		second, late := h.code(email), b.copy()
		tabs := make([]*browser, 8)
		for i := range tabs {
			tabs[i] = b.copy()
		}
		var done atomic.Int32
		race(len(tabs), func(i int) {
			form := map[string][]string{"code": {second}, "password": {fmt.Sprintf("another way to the gatehouse, %d", i)}}
			if tabs[i].try(http.MethodPost, "/reset", form).status == 303 {
				done.Add(1)
			}
		})
		if done.Load() != 1 {
			t.Errorf("one code reset the password %d times", done.Load())
		}
		if got := late.post("/reset", "code", first, "password", "another way to the gatehouse"); got.status != 422 {
			t.Errorf("the code before the last: %d", got.status)
		}
	}, "LIMITS=off")
}

// A second press of the button, without JavaScript, finds the code used and the password as typed. It
// changes nothing more, and whoever has no code learns nothing from it.
func TestSecondPressOfResetIsTheFirst(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		h.browser().signUp(email)
		b := h.browser()
		b.want(b.post("/forgot", "email", email), 303, "/reset")
		second, code, changed := b.copy(), h.code(email), "another way to the gatehouse"
		b.want(b.post("/reset", "code", code, "password", changed), 303, "/sign-in?notice=reset&next=%2Fdashboard")
		b.want(b.post("/sign-in", "email", email, "password", changed), 303, "/dashboard")
		for _, tried := range [][2]string{{code, "a third way to the gatehouse"}, {"2222-2222", changed}, {"", changed}} {
			if got := second.post("/reset", "code", tried[0], "password", tried[1]); got.status != 422 || !strings.Contains(got.body, spent) && tried[0] != "" {
				t.Errorf("code %q, password %q: %d %s", tried[0], tried[1], got.status, text(got.body))
			}
		}
		second.want(second.post("/reset", "code", code, "password", changed), 303, "/sign-in?notice=reset&next=%2Fdashboard")
		if b.get("/dashboard").status != 200 || h.happened(b.user(), models.EventPasswordReset) != 1 {
			t.Error("the second press reset the password again")
		}
	})
}

// Nobody guesses at a code that was used, either.
func TestAUsedCodeHasFiveTries(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "LIMITS=off")
	email := someone()
	h.browser().signUp(email)
	b := h.browser()
	b.want(b.post("/forgot", "email", email), 303, "/reset")
	second, code, changed := b.copy(), h.code(email), "another way to the gatehouse"
	b.want(b.post("/reset", "code", code, "password", changed), 303, "/sign-in?notice=reset&next=%2Fdashboard")
	for range 5 {
		second.post("/reset", "code", "2222-2222", "password", changed)
	}
	if got := second.post("/reset", "code", code, "password", changed); got.status != 422 {
		t.Errorf("the sixth try: %d", got.status)
	}
}

// Scanners follow links and look at pages before people do.
func TestLookingConsumesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	b := pending(h, email)
	code := h.code(email)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		for _, path := range []string{"/verify?code=" + code, "/verify?code=" + wrong(code), "/verify?action=resend"} {
			for range 6 {
				b.do(method, path, nil)
			}
		}
	}
	if mails := len(h.Mailbox.All()); mails != 1 {
		t.Errorf("%d mails, want 1", mails)
	}
	b.want(b.post("/verify", "code", code), 303, "/dashboard")
}

// A code is over after ten minutes, and the page still knows whom to send a new one.
func TestACodeExpires(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email, other := someone(), someone()
	early, late := pending(h, email), pending(h, other)
	first, second := h.code(email), h.code(other)
	h.clock.advance(9*time.Minute + 50*time.Second)
	early.want(early.post("/verify", "code", first), 303, "/dashboard")
	h.clock.advance(15 * time.Second)
	if got := late.post("/verify", "code", second); got.status != 422 || !strings.Contains(got.body, spent) || !strings.Contains(got.body, other) {
		t.Fatalf("after ten minutes: %d to %q %s", got.status, got.to(), text(got.body))
	}
	late.post("/verify", "action", "resend")
	late.want(late.post("/verify", "code", h.code(other)), 303, "/dashboard")

	forgetful := h.browser()
	forgetful.want(forgetful.post("/forgot", "email", email), 303, "/reset")
	reset := h.code(email)
	h.clock.advance(10*time.Minute + time.Second)
	if got := forgetful.post("/reset", "code", reset, "password", "another way to the gatehouse"); got.status != 422 || !strings.Contains(got.body, spent) {
		t.Errorf("a reset after ten minutes: %d to %q", got.status, got.to())
	}
}

// A code opens only the flow of the browser that asked for it.
func TestACodeIsBoundToItsBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	owner, other := pending(h, email), pending(h, someone())
	code := h.code(email)
	other.post("/verify", "code", code)
	stranger := h.browser()
	stranger.want(stranger.post("/verify", "code", code), 303, "/sign-up")
	stranger.want(stranger.get("/verify"), 303, "/sign-up")
	stranger.want(stranger.post("/reset", "code", code, "password", password), 303, "/forgot")
	if other.signedIn() || stranger.signedIn() {
		t.Error("a code opened another browser's flow")
	}
	owner.want(owner.post("/verify", "code", code), 303, "/dashboard")
}
