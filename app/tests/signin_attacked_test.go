package tests

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/account"
	"gatehouse/app/server"
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
	testkit.Race(60, func(int) {
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
		for _, kept := range h.Outbox.All() {
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

// The mailbox of one person is filled by nobody: past its share of mails a new flow waits for the newest
// code that was mailed, and that code opens it.
func TestMailsOfOneRecipientAreBounded(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email, unknown := testkit.Someone(), testkit.Someone()
		h.Browser().SignUp(email)
		for range 20 {
			for _, path := range []string{"/forgot", "/sign-up"} {
				stranger := h.Browser()
				stranger.From = testkit.AnyAddress()
				stranger.Post(path, "name", "Ada", "email", email, "password", typedPassword)
				stranger.Post(path, "name", "Ada", "email", unknown, "password", typedPassword)
			}
		}
		const signUp = "Your code to create an account"
		b := h.Browser()
		b.Want(b.Post("/sign-up", "name", "Ada", "email", unknown, "password", testkit.Password), 303, "/verify")
		b.Want(b.Post("/verify", "code", newestCode(h, unknown, 3, signUp)), 303, "/dashboard")
		if mails := h.Posted(unknown, signUp); mails < 3 || mails > atMost(h, 3) {
			t.Errorf("%d codes to an unknown address, want 3", mails)
		}
		// the sign-up's share is three
		for subject, most := range map[string]int{resetSubject: 3, signUp: 1, "You already have an account": 2} {
			if mails := h.Posted(email, subject); mails < most || mails > atMost(h, most) {
				t.Errorf("%s: %d mails, want %d", subject, mails, most)
			}
		}
	})
}

// One account reaches the mailboxes of few people it does not know.
func TestOneAccountReachesFewMailboxes(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		reached := 0
		for range 30 {
			stranger := testkit.Someone()
			got := b.Post("/profile", "section", "email", "email", stranger)
			if got.Status == 303 {
				b.Post("/verify", "action", "resend")
				h.Code(stranger)
				reached++
			} else if got.Status != 429 || !strings.Contains(got.Body, stranger) {
				t.Fatalf("%d %s", got.Status, testkit.Text(got.Body))
			}
		}
		if reached < 10 || reached > atMost(h, 10) {
			t.Errorf("%d mailboxes, want 10", reached)
		}
	})
}

// One person's writes are bounded, and so is what is kept of them; a flood of one kind of event pushes out
// no trace of another.
func TestWritesOfOnePersonAreBounded(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		user, refused, began := b.User(), 0, time.Now()
		for range 300 {
			if got := b.Post("/profile", "section", "details", "name", "Ada"); got.Status == 429 {
				refused++
			}
		}
		if allowed := 120 + int(2*time.Since(began).Seconds()) + 1; refused < 300-allowed {
			t.Errorf("%d of 300 changes were refused, where %d are allowed", refused, allowed)
		}
		if !b.SignedIn() {
			t.Error("and the person is shut out")
		}
		if events := h.Happened(user, "signed_up"); events != 1 {
			t.Errorf("the sign-up is no longer in the record: %d", events)
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

// fillHashQueue keeps the strangers' lane of the hash queue full until the returned function is called, whatever
// pace this machine answers requests at.
func fillHashQueue(h *testkit.House) (stop func()) {
	ctx, cancel := context.WithCancel(h.T.Context())
	var flood sync.WaitGroup
	for range runtime.GOMAXPROCS(0) + 2*server.MaxWaiting {
		flood.Go(func() {
			for ctx.Err() == nil {
				if _, _, err := h.Passwords.Verify(ctx, account.Strangers, "", typedPassword); errors.Is(err, account.ErrBusy) {
					<-time.After(time.Millisecond)
				}
			}
		})
	}
	return func() {
		cancel()
		flood.Wait()
	}
}

// Where the hash queue is full a stranger is told to come again, with what was typed and a way that waits
// for nobody; a browser that has been here before goes first.
func TestFullQueueKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "LIMITS=off")
	email := testkit.Someone()
	known := h.Browser().SignUp(email)
	known.Want(known.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	defer fillHashQueue(h)()
	testkit.Eventually(t, "a stranger meets a full queue", func() bool {
		stranger := h.Browser()
		got := stranger.Post("/sign-in", "email", testkit.Someone(), "password", typedPassword)
		if got.Status != 503 {
			return false
		}
		if got.Header.Get("Retry-After") == "" || strings.Contains(got.Body, typedPassword) ||
			!strings.Contains(got.Body, `value="code"`) {
			t.Errorf("busy, without a time to come again or another way: %v", got.Header)
		}
		return true
	})
	known.SignIn(email)
	fresh := h.Browser()
	fresh.Want(fresh.Post("/sign-in", "email", email, "action", "code", "next", "/profile"), 303, "/verify")
	fresh.Want(fresh.Post("/verify", "code", newestCode(h, email, 1, codeSubject), "password", testkit.Password), 303,
		"/profile")
	forgetful := h.Browser()
	forgetful.Want(forgetful.Post("/forgot", "email", email), 303, "/reset")
	forgetful.Want(forgetful.Post("/reset", "code", newestCode(h, email, 1, resetSubject), "password", otherPassword),
		303, "/sign-in?notice=reset&next=%2Fdashboard")
}
