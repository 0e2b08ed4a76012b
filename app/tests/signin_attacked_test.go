package tests

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/app/tests/testkit"
)

const (
	codeSubject  = "Your code to sign in"
	resetSubject = "Your code to reset the password"
)

// attacked is an account that strangers have guessed at from sixty addresses until their allowance was gone.
func attacked(h *testkit.House, email string) {
	h.T.Helper()
	guesses := map[string][]string{"email": {email}, "password": {typedPassword}}
	var tried, led atomic.Int32
	guess := func() {
		stranger := h.Browser()
		stranger.From = testkit.AnyAddress()
		for range 12 {
			switch got := stranger.Try(http.MethodPost, "/sign-in", guesses); {
			case got.Status == 422:
				tried.Add(1)
			case got.Status == 303 && got.To() == "/verify":
				led.Add(1)
			default:
				h.T.Errorf("a guess: %d to %q", got.Status, got.To())
			}
		}
	}
	testkit.Race(10, func(int) { // at once: more would wait for their hashes until somebody gives up
		for range 6 {
			guess()
		}
	})
	if n := int(tried.Load()); n < 50 || n > atMost(h, 50) || n+int(led.Load()) != 720 {
		h.T.Errorf("%d guesses were tried and %d led to the code, want 50 and 670", n, led.Load())
	}
}

// While strangers guess at an account from any number of addresses, its owner gets in: in a browser that has
// been here before as ever; in a new one by a mailed code beside the password, and by a reset (no lockout by
// strangers; brute force).
func TestOwnerGetsInWhileStrangersGuess(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		known := h.Browser().SignUp(email)
		known.Want(known.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		attacked(h, email)
		for range 15 {
			stranger := h.Browser()
			stranger.From = testkit.AnyAddress()
			stranger.Want(stranger.Post("/forgot", "email", email), 303, "/reset")
		}
		known.SignIn(email)

		fresh := h.Browser()
		fresh.From = testkit.AnyAddress()
		fresh.Want(fresh.Post("/sign-in", "email", email, "password", testkit.Password, "remember", "on", "next", "/profile"),
			303, "/verify")
		page := fresh.Get("/verify")
		if !strings.Contains(page.Body, `name="code"`) || !strings.Contains(page.Body, `name="password"`) ||
			!strings.Contains(page.Body, email) {
			t.Fatalf("the page: %s", testkit.Text(page.Body))
		}
		code := newestCode(h, email, 3, codeSubject)
		if got := fresh.Post("/verify", "code", code, "password", typedPassword); got.Status != 422 ||
			strings.Contains(got.Body, typedPassword) || !strings.Contains(got.Body, code) {
			t.Errorf("the code and a wrong password: %d %s", got.Status, testkit.Text(got.Body))
		}
		fresh.Want(fresh.Post("/verify", "code", strings.ToLower(code), "password", testkit.Password), 303, "/profile")
		if !fresh.SignedIn() || fresh.Cookies()["flow"] != "" {
			t.Error("and is not signed in")
		}

		forgetful := h.Browser()
		forgetful.From = testkit.AnyAddress()
		forgetful.Want(forgetful.Post("/forgot", "email", email), 303, "/reset")
		forgetful.Want(forgetful.Post("/reset", "code", newestCode(h, email, 3, resetSubject), "password", otherPassword),
			303, "/sign-in?notice=reset&next=%2Fdashboard")
		forgetful.Want(forgetful.Post("/sign-in", "email", email, "password", otherPassword), 303, "/dashboard")
		fresh.Refuses("the password was reset")
	})
}

// A secret that is promoted makes no stranger of a browser that has been here before.
func TestKnownBrowserOutlastsARotation(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	known := h.Browser().SignUp(email)
	known.Want(known.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	h.Restart("APP_SECRETS=a secret that was promoted and is long enough," + h.Env["APP_SECRETS"])
	exhausted(h, email)
	h.Browser().Want(h.Browser().Post("/sign-in", "email", email, "password", testkit.Password), 303, "/verify")
	known.SignIn(email)
}

// newestCode waits until so many mails with a subject have come, and is the code of the latest.
func newestCode(h *testkit.House, to string, mails int, subject string) (code string) {
	h.T.Helper()
	testkit.Eventually(h.T, "a mail: "+subject, func() bool {
		found := 0
		for _, kept := range h.Mailbox.All() {
			if kept.To != to || kept.Subject != subject {
				continue
			}
			if found++; found == 1 {
				code = kept.Code
			}
		}
		return found >= mails
	})
	return code
}

// Above the allowance everybody is answered alike: known address or not, right password or wrong (no
// enumeration), and nothing is hashed before the code is right.
func TestAboveTheAllowanceAllAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email, nobody := testkit.Someone(), testkit.Someone()
	h.Browser().SignUp(email)
	attacked(h, email)
	attacked(h, nobody)
	type seen struct {
		status int
		to     string
		page   string
		flow   int
	}
	look := func(email, password string) seen {
		b := h.Browser()
		b.From = testkit.AnyAddress()
		got := b.Post("/sign-in", "email", email, "password", password)
		page := strings.ReplaceAll(b.Get("/verify").Body, email, "someone")
		return seen{got.Status, got.To(), page, len(b.Cookies()["flow"])}
	}
	hashed := figure(h, "gatehouse_password_hashes_total")
	want := look(email, testkit.Password)
	for _, other := range []seen{look(email, typedPassword), look(nobody, testkit.Password), look(nobody, typedPassword)} {
		if other != want {
			t.Errorf("told apart:\n%+v\n%+v", want, other)
		}
	}
	b := h.Browser()
	b.From = testkit.AnyAddress()
	b.Post("/sign-in", "email", email, "password", testkit.Password)
	for range 7 {
		b.Post("/verify", "code", "2222-2222", "password", testkit.Password)
	}
	if now := figure(h, "gatehouse_password_hashes_total"); now != hashed || now < 0 {
		t.Errorf("%v passwords were hashed for people without a code", now-hashed)
	}
	if h.Posted(nobody, codeSubject) != 0 {
		t.Error("a stranger's address got a code")
	}
}
