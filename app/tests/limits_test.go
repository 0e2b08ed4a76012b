package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limited fails the test unless an answer is a limit that says how long to wait, on the form that
// was sent; it returns the wait.
func limited(t *testing.T, what string, got answer, kept ...string) time.Duration {
	t.Helper()
	wait, err := strconv.Atoi(got.header.Get("Retry-After"))
	if got.status != 429 || err != nil || wait < 1 || !strings.Contains(got.body, "Too many attempts. Try again in") {
		t.Errorf("%s: %d, Retry-After %q: %s", what, got.status, got.header.Get("Retry-After"), text(got.body))
	}
	for _, value := range kept {
		if !strings.Contains(got.body, value) {
			t.Errorf("%s: %q is lost", what, value)
		}
	}
	if strings.Contains(got.body, typedPassword) {
		t.Errorf("%s: the page shows the password", what)
	}
	return time.Duration(wait) * time.Second
}

// countedAlone is how often this process counted by itself: where a loaded machine is slow to ask Redis,
// as much is allowed again.
func (h *house) countedAlone() int {
	return strings.Count(h.logs.String(), "limits are counted in this process alone")
}

// most is a limit as this house counts it: on a machine so loaded that Redis did not answer in time, this
// process allows as much again.
func (h *house) most(limit int) int { return limit * (1 + min(1, h.countedAlone())) }

// spend posts until a limit refuses, and counts what was taken before. However slow the machine is, that
// is no more than the rule allows: most at once, and one for each that has passed meanwhile.
func (b *browser) spend(most int, each time.Duration, post func(i int) answer) (refused answer, taken int) {
	b.t.Helper()
	for began := time.Now(); ; taken++ {
		got := post(taken)
		if got.status == http.StatusTooManyRequests {
			return got, taken
		}
		took, again := time.Since(began), most*min(1, b.h.countedAlone())
		if taken >= most+again+int(took/each) || got.status >= 500 {
			b.t.Fatalf("try %d, after %s: %d", taken+1, took, got.status)
		}
	}
}

// exhausted uses up what an account allows strangers.
func exhausted(h *house, email string) {
	for range 6 {
		b := h.browser()
		b.from = anyAddress()
		for range 11 {
			b.post("/sign-in", "email", email, "password", typedPassword)
		}
	}
}

// One client cannot try many accounts or mail many people, and what it typed is kept.
func TestOneClientIsLimited(t *testing.T) {
	t.Parallel()
	for path, rule := range map[string]struct {
		most int
		each time.Duration
	}{"/sign-in": {60, time.Second}, "/sign-up": {30, 20 * time.Second}, "/forgot": {30, 20 * time.Second}} {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, h *house) {
				b := h.browser()
				_, taken := b.spend(rule.most, rule.each, func(int) answer { return b.post(path, "email", "nobody") })
				if taken < rule.most {
					t.Fatalf("refused after %d", taken)
				}
				for _, b.htmx = range []bool{false, true} {
					got, _ := b.spend(1, rule.each, func(int) answer {
						return b.post(path, "name", "Ada King", "email", "ada@example.com", "password", typedPassword, "next", "/profile")
					})
					limited(t, path, got, map[bool][]string{false: {"ada@example.com", "/profile"}}[b.htmx]...)
				}
				other := h.browser()
				other.from = anyAddress()
				if got := other.post(path, "email", "nobody"); got.status != 422 {
					t.Errorf("another client: %d", got.status)
				}
			})
		})
	}
}

// X-Forwarded-For is what a client says of itself, but for what trusted proxies add at its end.
func TestForwardedForDoesNotResetLimits(t *testing.T) {
	t.Parallel()
	for name, chain := range map[string]struct {
		trusted string
		from    func(i int) string
	}{
		"no proxy is trusted":          {"TRUSTED_PROXIES=", func(int) string { return anyAddress() }},
		"a proxy elsewhere":            {"TRUSTED_PROXIES=192.0.2.1", func(int) string { return anyAddress() }},
		"in front of the real hop":     {"TRUSTED_PROXIES=127.0.0.1", func(int) string { return anyAddress() + ", 198.51.100.7" }},
		"in a line before the proxy's": {"TRUSTED_PROXIES=127.0.0.1", func(int) string { return anyAddress() + "\n198.51.100.7" }},
		"no address at all":            {"TRUSTED_PROXIES=127.0.0.1", func(i int) string { return "client" + strconv.Itoa(i) }},
		"another of the same /64":      {"TRUSTED_PROXIES=127.0.0.1", func(i int) string { return "2001:db8:1:2::" + strconv.Itoa(i) }},
		"behind two proxies of ours":   {"TRUSTED_PROXIES=127.0.0.1,203.0.113.0/24", func(int) string { return anyAddress() + ",198.51.100.8 , 203.0.113.9" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, chain.trusted)
			b := h.browser()
			refused, taken := b.spend(60, time.Second, func(i int) answer {
				b.from = chain.from(i)
				return b.post("/sign-in", "email", "nobody")
			})
			if limited(t, name, refused); taken < 60 {
				t.Errorf("refused after %d", taken)
			}
		})
	}
}

// What strangers used up of an account's allowance comes back with time.
func TestLimitOfAnAccountPasses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	h.browser().signUp(email)
	exhausted(h, email)
	b := h.browser()
	b.want(b.post("/sign-in", "email", email, "password", password), 303, "/verify")
	h.clock.advance(time.Hour)
	b.signIn(email)
}

// A browser asks for another code once a minute; past the recipient's share it is told to use the newest,
// and one more goes out every ten minutes.
func TestNewCodesAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, email := h.browser(), someone()
	b.want(b.post("/sign-up", "name", "Ada", "email", email, "password", password), 303, "/verify")
	last := h.code(email)
	wait := limited(t, "a new code at once", b.post("/verify", "action", "resend"), email)
	h.clock.advance(wait)
	for i := range 6 {
		got := b.post("/verify", "action", "resend")
		if got.status != 200 {
			t.Fatalf("code %d: %d %s", i+2, got.status, text(got.body))
		}
		if sent := i < 2; sent {
			last = h.code(email)
		} else if !strings.Contains(got.body, "Enter one of them") {
			t.Errorf("code %d: %s", i+2, text(got.body))
		}
		limited(t, "again at once", b.post("/verify", "action", "resend"), email)
		h.clock.advance(time.Minute)
	}
	h.clock.advance(4 * time.Minute) // ten since the third
	if got := b.post("/verify", "action", "resend"); got.status != 200 || !strings.Contains(got.body, "on its way") {
		t.Fatalf("after ten minutes: %d %s", got.status, text(got.body))
	}
	next := h.code(email)
	b.want(b.post("/verify", "code", next), 303, "/dashboard")
	if mails := h.posted(email, "Your code to create an account"); mails != 4 || next == last {
		t.Errorf("%d mails, want 4; the last two codes are %s and %s", mails, last, next)
	}
}

// Someone signed in without their password, as at a stolen laptop, cannot guess it either.
func TestGuessingFromASessionIsLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser().signUp(someone())
	forms := [][]string{
		{"/confirm", "password", typedPassword},
		{"/profile", "section", "password", "current", typedPassword, "password", "another way to the gatehouse"},
		{"/profile", "section", "delete", "password", typedPassword},
	}
	for i := range 15 { // a wrong current password is two guesses: the new one is looked at, too
		if got := b.post(forms[i%3][0], forms[i%3][1:]...); got.status != 422 {
			t.Fatalf("guess %d: %d %s", i, got.status, text(got.body))
		}
	}
	for _, form := range forms {
		limited(t, form[0], b.post(form[0], form[1:]...))
	}
}

func TestLimitsCanBeOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "LIMITS=off")
	b := h.browser()
	for i := range 70 {
		if got := b.post("/sign-in", "email", "nobody"); got.status != 422 {
			t.Fatalf("try %d: %d", i, got.status)
		}
	}
}
