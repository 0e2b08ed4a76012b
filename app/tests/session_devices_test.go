package tests

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
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

// What a browser calls itself is a stranger's text. It must not spoil the list in which the owner finds
// that stranger, nor keep the sign-in out of it.
func TestOddBrowserNames(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		owner := h.Browser().SignUp(email)
		for i, agent := range []string{"a\tb", "\t", "Ev\xff\xfeil/1.0", "Mozilla/5.0 (X\xff; Linux)", "F\xffoo\tbar/1.0",
			""} {
			thief := h.Browser()
			thief.Agent = agent
			thief.SignIn(email)
			thief.Want(thief.Post("/auth/refresh"), 204, "")
			if events := h.Happened(owner.User(), models.EventSignedIn); events != i+1 {
				t.Errorf("%q: %d sign-ins in the owner's activity, want %d", agent, events, i+1)
			}
			if page := owner.Get("/dashboard"); page.Status != 200 || strings.Contains(page.Body, "cannot be read") {
				t.Errorf("%q: the owner's list: %d %s", agent, page.Status, testkit.Text(page.Body))
			}
			live, err := h.Sessions.List(t.Context(), owner.User())
			if err != nil || !slices.ContainsFunc(live, func(s models.Session) bool {
				return s.ID == thief.Session() &&
					s.IP == thief.From
			}) {
				t.Errorf("%q: not in the list by its address %s: %v %v", agent, thief.From, live, err)
			}
			owner.Want(owner.Post("/profile", "section", "sessions", "action", "end", "session", thief.Session()),
				303, "/profile?notice=sessions")
			thief.Refuses("ended by the owner")
		}
	}, "LIMITS=off")
}

// Another session ends only after a recent sign-in: a thief's must not put the owner out (step-up).
func TestEndingOthersNeedsARecentSignIn(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		here, there := owned(h)
		h.Clock.Advance(11 * time.Minute)
		here.Confirms(here.Post("/profile", "section", "sessions", "action", "end-others"))
		goesOn := here.Confirms(here.Post("/profile/sessions", "action", "end", "session", there.Session()))
		if !there.SignedIn() {
			t.Fatal("ended")
		}
		here.Want(here.Post("/confirm", "password", testkit.Password, "next", goesOn), 303, goesOn)
		here.Want(here.Get(goesOn), 303, "/profile?notice=sessions")
		there.Refuses("ended after a confirmation")
	})
}
