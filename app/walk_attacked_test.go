package main

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
)

const (
	codeSubject  = "Your code to sign in"
	resetSubject = "Your code to reset the password"
)

// attacked is an account that strangers have guessed at from sixty addresses until their allowance was gone.
func attacked(h *house, email string) {
	h.t.Helper()
	guesses := map[string][]string{"email": {email}, "password": {typedPassword}}
	var tried, led atomic.Int32
	race(60, func(int) {
		stranger := h.browser()
		stranger.from = anyAddress()
		for range 12 {
			switch got := stranger.try(http.MethodPost, "/sign-in", guesses); {
			case got.status == 422:
				tried.Add(1)
			case got.status == 303 && got.to() == "/verify":
				led.Add(1)
			default:
				h.t.Errorf("a guess: %d to %q", got.status, got.to())
			}
		}
	})
	if n := int(tried.Load()); n < 50 || n > h.most(50) || n+int(led.Load()) != 720 {
		h.t.Errorf("%d guesses were tried and %d led to the code, want 50 and 670", n, led.Load())
	}
}

// While strangers guess at an account from any number of addresses, its owner gets in: in a browser that has
// been here before as ever; in a new one by a mailed code beside the password, and by a reset (no lockout by
// strangers; brute force).
func TestOwnerGetsInWhileStrangersGuess(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		known := h.browser().signUp(email)
		known.want(known.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		attacked(h, email)
		for range 15 {
			stranger := h.browser()
			stranger.from = anyAddress()
			stranger.want(stranger.post("/forgot", "email", email), 303, "/reset")
		}
		known.signIn(email)

		fresh := h.browser()
		fresh.from = anyAddress()
		fresh.want(fresh.post("/sign-in", "email", email, "password", password, "remember", "on", "next", "/profile"), 303, "/verify")
		page := fresh.get("/verify")
		if !strings.Contains(page.body, `name="code"`) || !strings.Contains(page.body, `name="password"`) || !strings.Contains(page.body, email) {
			t.Fatalf("the page: %s", text(page.body))
		}
		code := h.newest(email, 3, codeSubject)
		if got := fresh.post("/verify", "code", code, "password", typedPassword); got.status != 422 || strings.Contains(got.body, typedPassword) || !strings.Contains(got.body, code) {
			t.Errorf("the code and a wrong password: %d %s", got.status, text(got.body))
		}
		fresh.want(fresh.post("/verify", "code", strings.ToLower(code), "password", password), 303, "/profile")
		if !fresh.signedIn() || fresh.cookies()["flow"] != "" {
			t.Error("and is not signed in")
		}

		forgetful := h.browser()
		forgetful.from = anyAddress()
		forgetful.want(forgetful.post("/forgot", "email", email), 303, "/reset")
		forgetful.want(forgetful.post("/reset", "code", h.newest(email, 3, resetSubject), "password", otherPassword), 303, "/sign-in?notice=reset&next=%2Fdashboard")
		forgetful.want(forgetful.post("/sign-in", "email", email, "password", otherPassword), 303, "/dashboard")
		fresh.refuses("the password was reset")
	})
}

// A secret that is promoted makes no stranger of a browser that has been here before.
func TestKnownBrowserOutlastsARotation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	known := h.browser().signUp(email)
	known.want(known.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	h.restart("APP_SECRETS=a secret that was promoted and is long enough," + h.env["APP_SECRETS"])
	exhausted(h, email)
	h.browser().want(h.browser().post("/sign-in", "email", email, "password", password), 303, "/verify")
	known.signIn(email)
}

// newest waits until so many mails with a subject have come, and is the code of the latest.
func (h *house) newest(to string, mails int, subject string) (code string) {
	h.t.Helper()
	eventually(h.t, "a mail: "+subject, func() bool {
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
	h := newHouse(t)
	email, nobody := someone(), someone()
	h.browser().signUp(email)
	attacked(h, email)
	attacked(h, nobody)
	type seen struct {
		status int
		to     string
		page   string
		flow   int
	}
	look := func(email, password string) seen {
		b := h.browser()
		b.from = anyAddress()
		got := b.post("/sign-in", "email", email, "password", password)
		page := strings.ReplaceAll(b.get("/verify").body, email, "someone")
		return seen{got.status, got.to(), page, len(b.cookies()["flow"])}
	}
	hashed := h.figure("gatehouse_password_hashes_total")
	want := look(email, password)
	for _, other := range []seen{look(email, typedPassword), look(nobody, password), look(nobody, typedPassword)} {
		if other != want {
			t.Errorf("told apart:\n%+v\n%+v", want, other)
		}
	}
	b := h.browser()
	b.from = anyAddress()
	b.post("/sign-in", "email", email, "password", password)
	for range 7 {
		b.post("/verify", "code", "2222-2222", "password", password)
	}
	if now := h.figure("gatehouse_password_hashes_total"); now != hashed || now < 0 {
		t.Errorf("%v passwords were hashed for people without a code", now-hashed)
	}
	if h.posted(nobody, codeSubject) != 0 {
		t.Error("a stranger's address got a code")
	}
}

// A few addresses cannot use up what an account allows strangers: each uses up its own share first.
func TestOneAddressCannotUseUpAnAccount(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		h.browser().signUp(email)
		for range 3 {
			stranger := h.browser()
			stranger.from = anyAddress()
			for range 40 {
				stranger.post("/sign-in", "email", email, "password", typedPassword)
			}
		}
		fresh := h.browser()
		fresh.from = anyAddress()
		fresh.signIn(email)
	})
}

// Signing in is no failure, however often.
func TestRightPasswordsAreNotCounted(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		h.browser().signUp(email)
		for range 55 {
			fresh := h.browser()
			fresh.signIn(email)
		}
	})
}

// The mailbox of one person is filled by nobody: past its share of mails a new flow waits for the newest
// code that was mailed, and that code opens it.
func TestMailsOfOneRecipientAreBounded(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email, unknown := someone(), someone()
		h.browser().signUp(email)
		for range 20 {
			for _, path := range []string{"/forgot", "/sign-up"} {
				stranger := h.browser()
				stranger.from = anyAddress()
				stranger.post(path, "name", "Ada", "email", email, "password", typedPassword)
				stranger.post(path, "name", "Ada", "email", unknown, "password", typedPassword)
			}
		}
		const signUp = "Your code to create an account"
		b := h.browser()
		b.want(b.post("/sign-up", "name", "Ada", "email", unknown, "password", password), 303, "/verify")
		b.want(b.post("/verify", "code", h.newest(unknown, 3, signUp)), 303, "/dashboard")
		if mails := h.posted(unknown, signUp); mails < 3 || mails > h.most(3) {
			t.Errorf("%d codes to an unknown address, want 3", mails)
		}
		for subject, most := range map[string]int{resetSubject: 3, signUp: 1, "You already have an account": 2} { // the sign-up's share is three
			if mails := h.posted(email, subject); mails < most || mails > h.most(most) {
				t.Errorf("%s: %d mails, want %d", subject, mails, most)
			}
		}
	})
}

// One account reaches the mailboxes of few people it does not know.
func TestOneAccountReachesFewMailboxes(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		reached := 0
		for range 30 {
			stranger := someone()
			got := b.post("/profile", "section", "email", "email", stranger)
			if got.status == 303 {
				b.post("/verify", "action", "resend")
				h.code(stranger)
				reached++
			} else if got.status != 429 || !strings.Contains(got.body, stranger) {
				t.Fatalf("%d %s", got.status, text(got.body))
			}
		}
		if reached < 10 || reached > h.most(10) {
			t.Errorf("%d mailboxes, want 10", reached)
		}
	})
}

// One person's writes are bounded, and so is what is kept of them; a flood of one kind of event pushes out
// no trace of another.
func TestWritesOfOnePersonAreBounded(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		user, refused, began := b.user(), 0, time.Now()
		for range 300 {
			if got := b.post("/profile", "section", "details", "name", "Ada"); got.status == 429 {
				refused++
			}
		}
		if allowed := 120 + int(2*time.Since(began).Seconds()) + 1; refused < 300-allowed {
			t.Errorf("%d of 300 changes were refused, where %d are allowed", refused, allowed)
		}
		if !b.signedIn() {
			t.Error("and the person is shut out")
		}
		if events := h.happened(user, "signed_up"); events != 1 {
			t.Errorf("the sign-up is no longer in the record: %d", events)
		}
	})
}

// A code that is shared is not used up by those who share it: tries belong to a flow.
func TestStrangersUseUpNoTries(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		h.browser().signUp(email)
		var flows []*browser
		for range 8 {
			stranger := h.browser()
			stranger.from = anyAddress()
			stranger.want(stranger.post("/forgot", "email", email), 303, "/reset")
			flows = append(flows, stranger)
		}
		owner := h.browser()
		owner.from = anyAddress()
		owner.want(owner.post("/forgot", "email", email), 303, "/reset")
		race(len(flows), func(i int) {
			for range 7 {
				flows[i].try(http.MethodPost, "/reset", map[string][]string{"code": {"2222-2222"}, "password": {otherPassword}})
			}
		})
		code := h.newest(email, 3, resetSubject)
		if got := flows[0].post("/reset", "code", code, "password", otherPassword); got.status != 422 || !strings.Contains(got.body, "no longer works") {
			t.Errorf("a sixth try, and it is right: %d %s", got.status, text(got.body))
		}
		owner.want(owner.post("/reset", "code", code, "password", otherPassword), 303, "/sign-in?notice=reset&next=%2Fdashboard")
		late := flows[7].copy()
		late.keep("reset", owner.cookies()["reset"])
		if got := late.post("/reset", "code", code, "password", password); got.status == 303 && got.to() == "/sign-in?notice=reset&next=%2Fdashboard" {
			t.Error("the code worked twice")
		}
	})
}

// fillHashQueue keeps the strangers' lane of the hash queue full until the returned function is called, whatever
// pace this machine answers requests at.
func (h *house) fillHashQueue() (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
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
	h := newHouse(t, "LIMITS=off")
	email := someone()
	known := h.browser().signUp(email)
	known.want(known.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	defer h.fillHashQueue()()
	eventually(t, "a stranger meets a full queue", func() bool {
		stranger := h.browser()
		got := stranger.post("/sign-in", "email", someone(), "password", typedPassword)
		if got.status != 503 {
			return false
		}
		if got.header.Get("Retry-After") == "" || strings.Contains(got.body, typedPassword) || !strings.Contains(got.body, `value="code"`) {
			t.Errorf("busy, without a time to come again or another way: %v", got.header)
		}
		return true
	})
	known.signIn(email)
	fresh := h.browser()
	fresh.want(fresh.post("/sign-in", "email", email, "action", "code", "next", "/profile"), 303, "/verify")
	fresh.want(fresh.post("/verify", "code", h.newest(email, 1, codeSubject), "password", password), 303, "/profile")
	forgetful := h.browser()
	forgetful.want(forgetful.post("/forgot", "email", email), 303, "/reset")
	forgetful.want(forgetful.post("/reset", "code", h.newest(email, 1, resetSubject), "password", otherPassword), 303, "/sign-in?notice=reset&next=%2Fdashboard")
}
