package tests

import (
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// A session id never survives a sign-in, so one that was planted or seen before is worth nothing.
func TestEverySignInIsANewSession(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		first, old := b.Session(), b.Copy()
		b.SignIn(email)
		if b.Session() == first {
			t.Error("the session id survived a sign-in")
		}
		old.Refuses("the same browser signed in again")
		if live := h.Record(b.User()); live.ID != b.Session() {
			t.Error("the old session is still listed")
		}
		other, older := testkit.Someone(), b.Copy()
		h.Browser().SignUp(other)
		b.SignIn(other)
		older.Refuses("another person signed in with this browser")

		second := b.Copy()
		h.Clock.Advance(11 * time.Minute)
		b.SignIn(other)
		second.Refuses("signed in again after the access token ran out")
	})
}

// owned are two browsers of one person.
func owned(h *testkit.House) (here, there *testkit.Browser) {
	email := testkit.Someone()
	here, there = h.Browser().SignUp(email), h.Browser()
	there.Agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) " +
		"AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	there.SignIn(email)
	return here, there
}

func TestEndingOneSessionFromTheProfile(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		here, there := owned(h)
		page := here.Get("/dashboard").Body
		if !strings.Contains(page, "Safari on iOS") || !strings.Contains(page, "Firefox on Linux") ||
			strings.Count(page, ">This session</span>") != 1 {
			t.Fatalf("the list: %s", testkit.Text(page))
		}
		here.Want(here.Post("/profile", "section", "sessions", "action", "end", "session", there.Session()),
			303, "/profile?notice=sessions")
		there.Refuses("ended from another browser")
		if !here.SignedIn() {
			t.Error("ending another session ended this one")
		}
		here.Want(here.Post("/profile", "section", "sessions", "action", "end", "session", there.Session()),
			303, "/profile?notice=sessions")
		here.Want(here.Post("/profile", "section", "sessions", "action", "end", "session", here.Session()),
			303, "/sign-in?notice=signed-out")
	})
}

func TestEndingAllOtherSessions(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		here, there := owned(h)
		third := h.Browser().SignUp(testkit.Someone())
		here.Want(here.Post("/profile", "section", "sessions", "action", "end-others"), 303, "/profile?notice=sessions")
		there.Refuses("all others were ended")
		if !here.SignedIn() || !third.SignedIn() {
			t.Error("ending the others ended this one, or another person's")
		}
	})
}

// Knowing the id of a session is not enough to end it: it has to be one's own.
func TestNobodyEndsTheSessionOfAnother(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		victim, attacker := h.Browser().SignUp(testkit.Someone()), h.Browser().SignUp(testkit.Someone())
		attacker.Post("/profile", "section", "sessions", "action", "end", "session", victim.Session())
		attacker.Post("/profile", "section", "sessions", "action", "end", "session", "x "+victim.Session())
		if got := victim.Get("/auth/session"); got.Status != 200 {
			t.Errorf("the victim's access token answers %d", got.Status)
		}
		victim.Want(victim.Post("/auth/refresh"), 204, "")
	})
}

// Ids that are none must not damage the record they resemble.
func TestEndingTakesWholeIdsOnly(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		for _, tail := range []string{":", "@", " ", "\x00", "\xff", "'", strings.Repeat("a", 60)} {
			if got := b.Post("/profile", "section", "sessions", "action", "end", "session",
				b.Session()+tail); got.Status >= 500 {
				t.Errorf("%q: %d", tail, got.Status)
			}
		}
		if page := b.Get("/dashboard"); page.Status != 200 || !strings.Contains(page.Body, "This session") {
			t.Errorf("the list is damaged: %s", testkit.Text(page.Body))
		}
		b.Want(b.Post("/auth/refresh"), 204, "")
	})
}

func TestDisabledUserIsOut(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		user := b.User()
		if err := h.DB.Users.SetDisabled(t.Context(), user, true, h.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		guest := h.Browser()
		if got := guest.Post("/sign-in", "email", email, "password", testkit.Password); got.Status != 422 ||
			!strings.Contains(got.Body, "This account is closed.") {
			t.Errorf("the right password: %d %s", got.Status, testkit.Text(got.Body))
		}
		if got := guest.Post("/sign-in", "email", email, "password", testkit.Password+"!"); got.Status != 422 ||
			strings.Contains(got.Body, "closed") {
			t.Errorf("a wrong password is told more than it should be: %s", testkit.Text(got.Body))
		}
		guest.Want(guest.Post("/forgot", "email", email), 303, "/reset")
		if mail := h.MailAbout(email, "Your account is closed"); strings.Contains(mail, "code") {
			t.Errorf("a closed account gets a code: %s", mail)
		}
		b.Want(b.Get("/dashboard"), 303, "/sign-in?notice=ended&next=%2Fdashboard")
		b.Refuses("the account was closed")
		if live, _ := h.Sessions.List(t.Context(), user); len(live) > 0 {
			t.Error("sessions of a closed account live on")
		}
		if err := h.DB.Users.SetDisabled(t.Context(), user, false, h.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		guest.SignIn(email)
	})
}

// A row that is gone, with a session that is not: a sign-in that raced the deletion.
func TestSessionWithoutItsUserIsOver(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		if err := h.DB.Users.Delete(t.Context(), b.User()); err != nil {
			t.Fatal(err)
		}
		old := b.Copy()
		b.Want(b.Get("/profile"), 303, "/sign-in?notice=ended&next=%2Fprofile")
		if len(b.Cookies()["access"]+b.Cookies()["refresh"]) > 0 {
			t.Error("its cookies stayed")
		}
		old.Want(old.Post("/profile", "section", "details", "name", "Nobody"), 303, "/sign-in?notice=ended&next=%2Fprofile")
	})
}
