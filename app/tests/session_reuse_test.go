package tests

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

const reuseSubject = "A session of yours was ended"

// traded is a browser whose refresh token was traded once, and one that still holds the old one.
func traded(t *testing.T, h *testkit.House, email string) (owner, thief *testkit.Browser) {
	t.Helper()
	owner = h.Browser().SignUp(email)
	thief = owner.Copy()
	thief.Expire()
	owner.Want(owner.Post("/auth/refresh"), 204, "")
	return owner, thief
}

// A traded token that comes back after the grace means two browsers hold one session: it ends for
// both, once, however many times the token comes.
func TestReuseEndsSession(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		owner, thief := traded(t, h, email)
		user := owner.User()
		if !owner.SignedIn() {
			t.Fatal("the owner cannot read their page")
		}
		h.Confirmed(user)
		h.Clock.Advance(31 * time.Second)
		thieves := make([]*testkit.Browser, 20)
		for i := range thieves {
			thieves[i] = thief.Copy()
		}
		testkit.Race(len(thieves), func(i int) {
			got := thieves[i].Try(http.MethodPost, "/auth/refresh", nil)
			if got.Status != 401 || len(got.Header["Set-Cookie"]) > 0 {
				t.Errorf("thief %d: %d %s, %q", i, got.Status, testkit.Text(got.Body), got.Header["Set-Cookie"])
			}
		})
		owner.Refuses("the session was stolen")
		if got := owner.Copy().Get("/dashboard"); got.To() != "/sign-in?notice=ended&next=%2Fdashboard" {
			t.Errorf("the owner is led to %q", got.To())
		}
		if live, err := h.Sessions.List(t.Context(), user); err != nil || len(live) > 0 {
			t.Errorf("still live: %v %v", live, err)
		}
		if events := h.Happened(user, models.EventReuse); events != 1 {
			t.Errorf("%d events, want 1", events)
		}
		if mails := h.Posted(email, reuseSubject); mails != 1 {
			t.Errorf("%d mails, want 1", mails)
		}
	})
}

// A page load notices reuse as /auth/refresh does.
func TestReuseIsNoticedByAPage(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		owner, thief := traded(t, h, email)
		owner.Get("/dashboard")
		h.Confirmed(owner.User())
		h.Clock.Advance(31 * time.Second)
		thief.Want(thief.Get("/dashboard"), 303, "/sign-in?notice=ended&next=%2Fdashboard")
		owner.Refuses("a page load was reuse")
		if mail := h.MailAbout(email, reuseSubject); !strings.Contains(mail, "Firefox on Linux") {
			t.Errorf("the owner reads: %s", mail)
		}
	})
}

// Within the grace the old token answers with the very successor, and keeps the session whole.
func TestGraceAnswersWithTheSuccessor(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		owner, tab := traded(t, h, testkit.Someone())
		owner.Get("/dashboard")
		h.Confirmed(owner.User())
		h.Clock.Advance(110 * time.Second)
		late := tab.Copy()
		tab.Want(tab.Post("/auth/refresh"), 204, "")
		if tab.Cookies()["refresh"] != owner.Cookies()["refresh"] || !tab.SignedIn() || !owner.SignedIn() {
			t.Error("within the grace, a tab got another successor or is signed out")
		}
		if count := h.Record(owner.User()).Count; count != 2 {
			t.Errorf("the session stands at %d, want 2", count)
		}
		h.Clock.Advance(11 * time.Second)
		late.Want(late.Post("/auth/refresh"), 401, "")
		owner.Refuses("the grace was over")
	}, "REFRESH_GRACE=2m")
}

// An answer that never arrived may be asked for again for a day, until its successor is used.
func TestLostAnswerIsForgiven(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		lost, b := traded(t, h, email)
		user, late := lost.User(), b.Copy()
		h.Clock.Advance(23*time.Hour + 59*time.Minute)
		b.Want(b.Post("/auth/refresh"), 204, "")
		if b.Cookies()["refresh"] != lost.Cookies()["refresh"] {
			t.Error("the lost answer came again with another successor")
		}
		h.Clock.Advance(2 * time.Minute)
		late.Want(late.Post("/auth/refresh"), 401, "")
		b.Refuses("a lost answer was asked for after a day")
		if events := h.Happened(user, models.EventReuse); events != 1 {
			t.Errorf("%d events, want 1", events)
		}
	})
}

// A lost answer is forgiven once only: when its successor is used, the old token is as good as stolen.
func TestLostAnswerEndsWithUse(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		owner, thief := traded(t, h, testkit.Someone())
		h.Clock.Advance(5 * time.Minute)
		again := thief.Copy()
		again.Want(again.Post("/auth/refresh"), 204, "")
		owner.Expire()
		if !again.SignedIn() {
			t.Fatal("the answer that came late does not open the page")
		}
		h.Confirmed(again.User())
		thief.Want(thief.Post("/auth/refresh"), 401, "")
		again.Refuses("the old token came back after the new one was used")
	})
}

// A thief and an owner who trade in turns, each one step behind the other, are both out at the
// second's first trade after the grace.
func TestThiefAndOwnerCannotLeapfrog(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		owner := h.Browser().SignUp(testkit.Someone())
		user, thief := owner.User(), owner.Copy()
		trades := 0
		for turn := range 6 {
			b := []*testkit.Browser{thief, owner}[turn%2]
			b.Expire()
			if b.Post("/auth/refresh").Status != 204 {
				break
			}
			trades++
			if !b.SignedIn() {
				t.Fatal("a fresh pair opens nothing")
			}
			h.Confirmed(user)
			h.Clock.Advance(time.Minute)
		}
		if trades != 1 {
			t.Errorf("%d trades before anyone was caught, want 1", trades)
		}
		owner.Refuses("two held the session")
		thief.Refuses("two held the session")
		if events := h.Happened(user, models.EventReuse); events != 1 {
			t.Errorf("%d events, want 1", events)
		}
	})
}

// A record that is gone says nothing of theft: a store may lose its memory.
func TestMissingIsNotReuse(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		owner, old := traded(t, h, email)
		user := owner.User()
		h.Lose(user)
		h.Clock.Advance(time.Hour)
		for _, b := range []*testkit.Browser{old, owner} {
			b.Want(b.Post("/auth/refresh"), 401, "")
			if b.Get("/sign-in?notice=ended"); b.Cookies()["refresh"] != "" {
				t.Error("a session that is over left its cookies")
			}
		}
		if events := h.Happened(user, models.EventReuse); events != 0 {
			t.Errorf("%d events, want none", events)
		}
		if mails := h.Posted(email, reuseSubject); mails != 0 {
			t.Errorf("%d mails, want none", mails)
		}
	})
}

// A password that was right when a sign-in began may be the thief's when it ends: what a reset ends, it
// ends also under way.
func TestResetEndsSignInsUnderWay(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		h.Browser().SignUp(email)
		owner := h.Browser()
		owner.Want(owner.Post("/forgot", "email", email), 303, "/reset")
		reset := url.Values{"code": {h.Code(email)}, "password": {otherPassword}}
		thieves := make([]*testkit.Browser, 30)
		for i := range thieves {
			thieves[i] = h.Browser()
		}
		testkit.Race(len(thieves)+1, func(i int) {
			if i == len(thieves) {
				owner.Try(http.MethodPost, "/reset", reset)
				return
			}
			thieves[i].Try(http.MethodPost, "/sign-in", url.Values{"email": {email}, "password": {testkit.Password}})
		})
		for i, thief := range thieves {
			if thief.SignedIn() || thief.Post("/auth/refresh").Status == 204 {
				t.Errorf("thief %d is in after the reset", i)
			}
		}
		owner.Want(owner.Post("/sign-in", "email", email, "password", otherPassword), 303, "/dashboard")
	}, "LIMITS=off")
}
