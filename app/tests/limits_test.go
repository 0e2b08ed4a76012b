package tests

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// limited fails the test unless an answer is a limit that says how long to wait, on the form that
// was sent; it returns the wait.
func limited(t *testing.T, what string, got testkit.Answer, kept ...string) time.Duration {
	t.Helper()
	wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
	if got.Status != 429 || err != nil || wait < 1 || !strings.Contains(got.Body, "Too many attempts. Try again in") {
		t.Errorf("%s: %d, Retry-After %q: %s", what, got.Status, got.Header.Get("Retry-After"), testkit.Text(got.Body))
	}
	for _, value := range kept {
		if !strings.Contains(got.Body, value) {
			t.Errorf("%s: %q is lost", what, value)
		}
	}
	if strings.Contains(got.Body, typedPassword) {
		t.Errorf("%s: the page shows the password", what)
	}
	return time.Duration(wait) * time.Second
}

// countedAlone is how often this process counted by itself: where a loaded machine is slow to ask Redis,
// as much is allowed again.
func countedAlone(h *testkit.House) int {
	return strings.Count(h.Logs.String(), "limits are counted in this process alone")
}

// atMost is a limit as this house counts it: on a machine so loaded that Redis did not answer in time, this
// process allows as much again.
func atMost(h *testkit.House, limit int) int { return limit * (1 + min(1, countedAlone(h))) }

// spend posts until a limit refuses, and counts what was taken before. However slow the machine is, that
// is no more than the rule allows: most at once, and one for each that has passed meanwhile.
func spend(b *testkit.Browser, most int, each time.Duration, post func(i int) testkit.Answer) (refused testkit.Answer,
	taken int) {
	b.T.Helper()
	for began := time.Now(); ; taken++ {
		got := post(taken)
		if got.Status == http.StatusTooManyRequests {
			return got, taken
		}
		took, again := time.Since(began), most*min(1, countedAlone(b.House))
		if taken >= most+again+int(took/each) || got.Status >= 500 {
			b.T.Fatalf("try %d, after %s: %d", taken+1, took, got.Status)
		}
	}
}

// exhausted uses up what an account allows strangers.
func exhausted(h *testkit.House, email string) {
	for range 6 {
		b := h.Browser()
		b.From = testkit.AnyAddress()
		for range 11 {
			b.Post("/sign-in", "email", email, "password", typedPassword)
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
			testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
				b := h.Browser()
				_, taken := spend(b, rule.most, rule.each, func(int) testkit.Answer { return b.Post(path, "email", "nobody") })
				if taken < rule.most {
					t.Fatalf("refused after %d", taken)
				}
				for _, b.HTMX = range []bool{false, true} {
					got, _ := spend(b, 1, rule.each, func(int) testkit.Answer {
						return b.Post(path, "name", "Ada King", "email", "ada@example.com", "password", typedPassword, "next", "/profile")
					})
					limited(t, path, got, map[bool][]string{false: {"ada@example.com", "/profile"}}[b.HTMX]...)
				}
				other := h.Browser()
				other.From = testkit.AnyAddress()
				if got := other.Post(path, "email", "nobody"); got.Status != 422 {
					t.Errorf("another client: %d", got.Status)
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
		"no proxy is trusted": {"TRUSTED_PROXIES=", func(int) string { return testkit.AnyAddress() }},
		"a proxy elsewhere":   {"TRUSTED_PROXIES=192.0.2.1", func(int) string { return testkit.AnyAddress() }},
		"in front of the real hop": {"TRUSTED_PROXIES=127.0.0.1",
			func(int) string { return testkit.AnyAddress() + ", 198.51.100.7" }},
		"in a line before the proxy's": {"TRUSTED_PROXIES=127.0.0.1",
			func(int) string { return testkit.AnyAddress() + "\n198.51.100.7" }},
		"no address at all": {"TRUSTED_PROXIES=127.0.0.1",
			func(i int) string { return "client" + strconv.Itoa(i) }},
		"another of the same /64": {"TRUSTED_PROXIES=127.0.0.1",
			func(i int) string { return "2001:db8:1:2::" + strconv.Itoa(i) }},
		"behind two proxies of ours": {"TRUSTED_PROXIES=127.0.0.1,203.0.113.0/24",
			func(int) string { return testkit.AnyAddress() + ",198.51.100.8 , 203.0.113.9" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := testkit.NewHouse(t, chain.trusted)
			b := h.Browser()
			refused, taken := spend(b, 60, time.Second, func(i int) testkit.Answer {
				b.From = chain.from(i)
				return b.Post("/sign-in", "email", "nobody")
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
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	h.Browser().SignUp(email)
	exhausted(h, email)
	b := h.Browser()
	b.Want(b.Post("/sign-in", "email", email, "password", testkit.Password), 303, "/verify")
	h.Clock.Advance(time.Hour)
	b.SignIn(email)
}

// A browser asks for another code once a minute; past the recipient's share it is told to use the newest,
// and one more goes out every ten minutes.
func TestNewCodesAreLimited(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b, email := h.Browser(), testkit.Someone()
	b.Want(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password), 303, "/verify")
	last := h.Code(email)
	wait := limited(t, "a new code at once", b.Post("/verify", "action", "resend"), email)
	h.Clock.Advance(wait)
	for i := range 6 {
		got := b.Post("/verify", "action", "resend")
		if got.Status != 200 {
			t.Fatalf("code %d: %d %s", i+2, got.Status, testkit.Text(got.Body))
		}
		if sent := i < 2; sent {
			last = h.Code(email)
		} else if !strings.Contains(got.Body, "Enter one of them") {
			t.Errorf("code %d: %s", i+2, testkit.Text(got.Body))
		}
		limited(t, "again at once", b.Post("/verify", "action", "resend"), email)
		h.Clock.Advance(time.Minute)
	}
	h.Clock.Advance(4 * time.Minute) // ten since the third
	if got := b.Post("/verify", "action", "resend"); got.Status != 200 || !strings.Contains(got.Body, "on its way") {
		t.Fatalf("after ten minutes: %d %s", got.Status, testkit.Text(got.Body))
	}
	next := h.Code(email)
	b.Want(b.Post("/verify", "code", next), 303, "/dashboard")
	if mails := h.Posted(email, "Your code to create an account"); mails != 4 || next == last {
		t.Errorf("%d mails, want 4; the last two codes are %s and %s", mails, last, next)
	}
}

// Someone signed in without their password, as at a stolen laptop, cannot guess it either.
func TestGuessingFromASessionIsLimited(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser().SignUp(testkit.Someone())
	forms := [][]string{
		{"/confirm", "password", typedPassword},
		{"/profile", "section", "password", "current", typedPassword, "password", "another way to the gatehouse"},
		{"/profile", "section", "delete", "password", typedPassword},
	}
	for i := range 15 { // a wrong current password is two guesses: the new one is looked at, too
		if got := b.Post(forms[i%3][0], forms[i%3][1:]...); got.Status != 422 {
			t.Fatalf("guess %d: %d %s", i, got.Status, testkit.Text(got.Body))
		}
	}
	for _, form := range forms {
		limited(t, form[0], b.Post(form[0], form[1:]...))
	}
}

func TestLimitsCanBeOff(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "LIMITS=off")
	b := h.Browser()
	for i := range 70 {
		if got := b.Post("/sign-in", "email", "nobody"); got.Status != 422 {
			t.Fatalf("try %d: %d", i, got.Status)
		}
	}
}
