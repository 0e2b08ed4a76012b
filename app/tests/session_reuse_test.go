package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

const reuseSubject = "A session of yours was ended"

// traded is a browser whose refresh token was traded once, and one that still holds the old one.
func traded(t *testing.T, h *house, email string) (owner, thief *browser) {
	t.Helper()
	owner = h.browser().signUp(email)
	thief = owner.copy()
	thief.expire()
	owner.want(owner.post("/auth/refresh"), 204, "")
	return owner, thief
}

// A traded token that comes back after the grace means two browsers hold one session: it ends for
// both, once, however many times the token comes.
func TestReuseEndsSession(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		owner, thief := traded(t, h, email)
		user := owner.user()
		if !owner.signedIn() {
			t.Fatal("the owner cannot read their page")
		}
		h.confirmed(user)
		h.clock.advance(31 * time.Second)
		thieves := make([]*browser, 20)
		for i := range thieves {
			thieves[i] = thief.copy()
		}
		race(len(thieves), func(i int) {
			if got := thieves[i].try(http.MethodPost, "/auth/refresh", nil); got.status != 401 || len(thieves[i].cookies()) > 1 {
				t.Errorf("thief %d: %d %s, cookies left: %d", i, got.status, text(got.body), len(thieves[i].cookies()))
			}
		})
		owner.refuses("the session was stolen")
		if got := owner.copy().get("/dashboard"); got.to() != "/sign-in?notice=ended&next=%2Fdashboard" {
			t.Errorf("the owner is led to %q", got.to())
		}
		if live, err := h.Sessions.List(t.Context(), user); err != nil || len(live) > 0 {
			t.Errorf("still live: %v %v", live, err)
		}
		if events := h.happened(user, models.EventReuse); events != 1 {
			t.Errorf("%d events, want 1", events)
		}
		if mails := h.posted(email, reuseSubject); mails != 1 {
			t.Errorf("%d mails, want 1", mails)
		}
	})
}

// A page load notices reuse as /auth/refresh does.
func TestReuseIsNoticedByAPage(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		owner, thief := traded(t, h, email)
		owner.get("/dashboard")
		h.confirmed(owner.user())
		h.clock.advance(31 * time.Second)
		thief.want(thief.get("/dashboard"), 303, "/sign-in?notice=ended&next=%2Fdashboard")
		owner.refuses("a page load was reuse")
		if mail := h.mailAbout(email, reuseSubject); !strings.Contains(mail, "Firefox on Linux") {
			t.Errorf("the owner reads: %s", mail)
		}
	})
}

// Within the grace the old token answers with the very successor, and keeps the session whole.
func TestGraceAnswersWithTheSuccessor(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		owner, tab := traded(t, h, someone())
		owner.get("/dashboard")
		h.confirmed(owner.user())
		h.clock.advance(110 * time.Second)
		late := tab.copy()
		tab.want(tab.post("/auth/refresh"), 204, "")
		if tab.cookies()["refresh"] != owner.cookies()["refresh"] || !tab.signedIn() || !owner.signedIn() {
			t.Error("within the grace, a tab got another successor or is signed out")
		}
		if count := h.record(owner.user()).Count; count != 2 {
			t.Errorf("the session stands at %d, want 2", count)
		}
		h.clock.advance(11 * time.Second)
		late.want(late.post("/auth/refresh"), 401, "")
		owner.refuses("the grace was over")
	}, "REFRESH_GRACE=2m")
}

// An answer that never arrived may be asked for again for a day, until its successor is used.
func TestLostAnswerIsForgiven(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		lost, b := traded(t, h, email)
		user, late := lost.user(), b.copy()
		h.clock.advance(23*time.Hour + 59*time.Minute)
		b.want(b.post("/auth/refresh"), 204, "")
		if b.cookies()["refresh"] != lost.cookies()["refresh"] {
			t.Error("the lost answer came again with another successor")
		}
		h.clock.advance(2 * time.Minute)
		late.want(late.post("/auth/refresh"), 401, "")
		b.refuses("a lost answer was asked for after a day")
		if events := h.happened(user, models.EventReuse); events != 1 {
			t.Errorf("%d events, want 1", events)
		}
	})
}

// A lost answer is forgiven once only: when its successor is used, the old token is as good as stolen.
func TestLostAnswerEndsWithUse(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		owner, thief := traded(t, h, someone())
		h.clock.advance(5 * time.Minute)
		again := thief.copy()
		again.want(again.post("/auth/refresh"), 204, "")
		owner.expire()
		if !again.signedIn() {
			t.Fatal("the answer that came late does not open the page")
		}
		h.confirmed(again.user())
		thief.want(thief.post("/auth/refresh"), 401, "")
		again.refuses("the old token came back after the new one was used")
	})
}

// A thief and an owner who trade in turns, each one step behind the other, are both out at the
// second's first trade after the grace.
func TestThiefAndOwnerCannotLeapfrog(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		owner := h.browser().signUp(someone())
		user, thief := owner.user(), owner.copy()
		trades := 0
		for turn := range 6 {
			b := []*browser{thief, owner}[turn%2]
			b.expire()
			if b.post("/auth/refresh").status != 204 {
				break
			}
			trades++
			if !b.signedIn() {
				t.Fatal("a fresh pair opens nothing")
			}
			h.confirmed(user)
			h.clock.advance(time.Minute)
		}
		if trades != 1 {
			t.Errorf("%d trades before anyone was caught, want 1", trades)
		}
		owner.refuses("two held the session")
		thief.refuses("two held the session")
		if events := h.happened(user, models.EventReuse); events != 1 {
			t.Errorf("%d events, want 1", events)
		}
	})
}

// A record that is gone says nothing of theft: a store may lose its memory.
func TestMissingIsNotReuse(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		owner, old := traded(t, h, email)
		user := owner.user()
		h.lose(user)
		h.clock.advance(time.Hour)
		for _, b := range []*browser{old, owner} {
			b.want(b.post("/auth/refresh"), 401, "")
			if b.cookies()["refresh"] != "" {
				t.Error("a session that is over left its cookies")
			}
		}
		if events := h.happened(user, models.EventReuse); events != 0 {
			t.Errorf("%d events, want none", events)
		}
		if mails := h.posted(email, reuseSubject); mails != 0 {
			t.Errorf("%d mails, want none", mails)
		}
	})
}

// A password that was right when a sign-in began may be the thief's when it ends: what a reset ends, it
// ends also under way.
func TestResetEndsSignInsUnderWay(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		h.browser().signUp(email)
		owner := h.browser()
		owner.want(owner.post("/forgot", "email", email), 303, "/reset")
		reset := url.Values{"code": {h.code(email)}, "password": {otherPassword}}
		thieves := make([]*browser, 30)
		for i := range thieves {
			thieves[i] = h.browser()
		}
		race(len(thieves)+1, func(i int) {
			if i == len(thieves) {
				owner.try(http.MethodPost, "/reset", reset)
				return
			}
			thieves[i].try(http.MethodPost, "/sign-in", url.Values{"email": {email}, "password": {password}})
		})
		for i, thief := range thieves {
			if thief.signedIn() || thief.post("/auth/refresh").status == 204 {
				t.Errorf("thief %d is in after the reset", i)
			}
		}
		owner.want(owner.post("/sign-in", "email", email, "password", otherPassword), 303, "/dashboard")
	}, "LIMITS=off")
}
