package main

import (
	"strings"
	"testing"
	"time"
)

// A session id never survives a sign-in, so one that was planted or seen before is worth nothing.
func TestEverySignInIsANewSession(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		b := h.browser().signUp(email)
		first, old := b.session(), b.copy()
		b.signIn(email)
		if b.session() == first {
			t.Error("the session id survived a sign-in")
		}
		old.refuses("the same browser signed in again")
		if live := h.record(b.user()); live.ID != b.session() {
			t.Error("the old session is still listed")
		}
		other, older := someone(), b.copy()
		h.browser().signUp(other)
		b.signIn(other)
		older.refuses("another person signed in with this browser")

		second := b.copy()
		h.clock.advance(11 * time.Minute)
		b.signIn(other)
		second.refuses("signed in again after the access token ran out")
	})
}

// owned are two browsers of one person.
func owned(h *house) (here, there *browser) {
	email := someone()
	here, there = h.browser().signUp(email), h.browser()
	there.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	there.signIn(email)
	return here, there
}

func TestEndingOneSessionFromTheProfile(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		here, there := owned(h)
		page := here.get("/dashboard").body
		if !strings.Contains(page, "Safari on iOS") || !strings.Contains(page, "Firefox on Linux") || strings.Count(page, ">This session</span>") != 1 {
			t.Fatalf("the list: %s", text(page))
		}
		here.want(here.post("/profile", "section", "sessions", "action", "end", "session", there.session()), 303, "/profile?notice=sessions")
		there.refuses("ended from another browser")
		if !here.signedIn() {
			t.Error("ending another session ended this one")
		}
		here.want(here.post("/profile", "section", "sessions", "action", "end", "session", there.session()), 303, "/profile?notice=sessions")
		here.want(here.post("/profile", "section", "sessions", "action", "end", "session", here.session()), 303, "/sign-in?notice=signed-out")
	})
}

func TestEndingAllOtherSessions(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		here, there := owned(h)
		third := h.browser().signUp(someone())
		here.want(here.post("/profile", "section", "sessions", "action", "end-others"), 303, "/profile?notice=sessions")
		there.refuses("all others were ended")
		if !here.signedIn() || !third.signedIn() {
			t.Error("ending the others ended this one, or another person's")
		}
	})
}

// Knowing the id of a session is not enough to end it: it has to be one's own.
func TestNobodyEndsTheSessionOfAnother(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		victim, attacker := h.browser().signUp(someone()), h.browser().signUp(someone())
		attacker.post("/profile", "section", "sessions", "action", "end", "session", victim.session())
		attacker.post("/profile", "section", "sessions", "action", "end", "session", "x "+victim.session())
		if got := victim.get("/auth/session"); got.status != 200 {
			t.Errorf("the victim's access token answers %d", got.status)
		}
		victim.want(victim.post("/auth/refresh"), 204, "")
	})
}

// Ids that are none must not damage the record they resemble.
func TestEndingTakesWholeIdsOnly(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		for _, tail := range []string{":", "@", " ", "\x00", "\xff", "'", strings.Repeat("a", 60)} {
			if got := b.post("/profile", "section", "sessions", "action", "end", "session", b.session()+tail); got.status >= 500 {
				t.Errorf("%q: %d", tail, got.status)
			}
		}
		if page := b.get("/dashboard"); page.status != 200 || !strings.Contains(page.body, "This session") {
			t.Errorf("the list is damaged: %s", text(page.body))
		}
		b.want(b.post("/auth/refresh"), 204, "")
	})
}

func TestDisabledUserIsOut(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		b := h.browser().signUp(email)
		user := b.user()
		if err := h.DB.Users.SetDisabled(t.Context(), user, true, h.clock.now()); err != nil {
			t.Fatal(err)
		}
		guest := h.browser()
		if got := guest.post("/sign-in", "email", email, "password", password); got.status != 422 || !strings.Contains(got.body, "This account is closed.") {
			t.Errorf("the right password: %d %s", got.status, text(got.body))
		}
		if got := guest.post("/sign-in", "email", email, "password", password+"!"); got.status != 422 || strings.Contains(got.body, "closed") {
			t.Errorf("a wrong password is told more than it should be: %s", text(got.body))
		}
		guest.want(guest.post("/forgot", "email", email), 303, "/reset")
		if mail := h.mailAbout(email, "Your account is closed"); strings.Contains(mail, "code") {
			t.Errorf("a closed account gets a code: %s", mail)
		}
		b.want(b.get("/dashboard"), 303, "/sign-in?notice=ended&next=%2Fdashboard")
		b.refuses("the account was closed")
		if live, _ := h.Sessions.List(t.Context(), user); len(live) > 0 {
			t.Error("sessions of a closed account live on")
		}
		if err := h.DB.Users.SetDisabled(t.Context(), user, false, h.clock.now()); err != nil {
			t.Fatal(err)
		}
		guest.signIn(email)
	})
}

// A row that is gone, with a session that is not: a sign-in that raced the deletion.
func TestSessionWithoutItsUserIsOver(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		if err := h.DB.Users.Delete(t.Context(), b.user()); err != nil {
			t.Fatal(err)
		}
		old := b.copy()
		b.want(b.get("/profile"), 303, "/sign-in?notice=ended&next=%2Fprofile")
		if len(b.cookies()["access"]+b.cookies()["refresh"]) > 0 {
			t.Error("its cookies stayed")
		}
		old.want(old.post("/profile", "section", "details", "name", "Nobody"), 303, "/sign-in?notice=ended&next=%2Fprofile")
	})
}
