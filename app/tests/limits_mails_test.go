package tests

import (
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

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
