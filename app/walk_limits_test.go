package main

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
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

// A stranger who guesses at an account, from however many addresses and all at once, gets a
// handful of tries; the person whose browser has been here before is not shut out by it.
func TestGuessingAnAccountIsLimited(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		began, email, owner, tried, refused := h.guessed()
		for alone := 0; h.countedAlone() > alone; began, email, owner, tried, refused = h.guessed() {
			alone = h.countedAlone()
		}
		guesses := map[string][]string{"email": {email}, "password": {typedPassword}}
		if back := int32(time.Since(began) / (36 * time.Second)); tried < 20 || tried > 20+back || tried+refused != 40 {
			t.Errorf("%d guesses tried and %d refused, want 20 and 20", tried, refused)
		}
		limited(t, "the right password from a stranger", h.browser().post("/sign-in", "email", email, "password", password, "next", "/profile"), email, "/profile")
		owner.signIn(email)
		owner.want(owner.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		h.restart("APP_SECRETS=a secret that was promoted and is long enough," + h.env["APP_SECRETS"])
		race(20, func(int) { h.browser().try(http.MethodPost, "/sign-in", guesses) })
		limited(t, "a stranger after a rotation", h.browser().post("/sign-in", "email", email, "password", password), email)
		owner.signIn(email)
	})
}

// guessed makes a person whom 40 strangers guess at, all at once.
func (h *house) guessed() (began time.Time, email string, owner *browser, tried, refused int32) {
	h.t.Helper()
	email = someone()
	owner = h.browser().signUp(email)
	owner.want(owner.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	guesses := map[string][]string{"email": {email}, "password": {typedPassword}}
	began = time.Now()
	race(40, func(int) {
		stranger := h.browser()
		stranger.from = anyAddress()
		switch stranger.try(http.MethodPost, "/sign-in", guesses).status {
		case 422:
			atomic.AddInt32(&tried, 1)
		case 429:
			atomic.AddInt32(&refused, 1)
		}
	})
	return began, email, owner, tried, refused
}

func TestLimitOfAnAccountPasses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	h.browser().signUp(email)
	stranger, wait := h.browser(), time.Duration(0)
	for range 21 {
		if got := stranger.post("/sign-in", "email", email, "password", typedPassword); got.status == 429 {
			wait = limited(t, "a stranger", got, email)
		}
	}
	limited(t, "an unknown address is told the same", exhausted(h, someone()))
	h.clock.advance(wait)
	stranger.signIn(email)
}

// exhausted is the answer to one guess too many at an address.
func exhausted(h *house, email string) (last answer) {
	b := h.browser()
	for range 21 {
		last = b.post("/sign-in", "email", email, "password", typedPassword)
	}
	return last
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

func TestNewCodesAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, email := h.browser(), someone()
	b.want(b.post("/sign-up", "name", "Ada", "email", email, "password", password), 303, "/verify")
	h.code(email)
	wait := limited(t, "a new code at once", b.post("/verify", "action", "resend"), email)
	h.clock.advance(wait)
	for i := range 9 {
		if got := b.post("/verify", "action", "resend"); got.status != 200 {
			t.Fatalf("code %d: %d %s", i+2, got.status, text(got.body))
		}
		h.code(email)
		if i == 0 {
			limited(t, "again at once", b.post("/verify", "action", "resend"), email)
		}
		h.clock.advance(time.Minute)
	}
	limited(t, "the eleventh code of a day", b.post("/verify", "action", "resend"), email)
	for _, path := range []string{"/sign-up", "/forgot"} {
		limited(t, path, h.browser().post(path, "name", "Ada", "email", email, "password", typedPassword), email)
	}
	h.clock.advance(24 * time.Hour)
	b.want(b.post("/sign-up", "name", "Ada", "email", email, "password", password), 303, "/verify")
	b.want(b.post("/verify", "code", h.code(email)), 303, "/dashboard")
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
	for i := range 20 {
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
