package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// Twenty tabs wake at once with one refresh token: none may be signed out, and the cookie jar they
// share may end with any of the answers, so all answers carry one successor.
func TestRacingTabsGetOneSuccessor(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		user, old, before := b.User(), b.Cookies()["refresh"], h.Record(b.User()).Count
		tabs := make([]*testkit.Browser, 20)
		for i := range tabs {
			tabs[i] = b.Copy()
		}
		answers := make([]testkit.Answer, len(tabs))
		testkit.Race(len(tabs), func(i int) { answers[i] = tabs[i].Try(http.MethodPost, "/auth/refresh", nil) })
		successor := tabs[0].Cookies()["refresh"]
		for i, tab := range tabs {
			if answers[i].Status != 204 || tab.Cookies()["refresh"] != successor || successor == old {
				t.Errorf("tab %d: %d %s, successor the same: %t, new: %t", i, answers[i].Status, testkit.Text(answers[i].Body),
					tab.Cookies()["refresh"] == successor, successor != old)
			}
			if !tab.SignedIn() {
				t.Errorf("tab %d is signed out", i)
			}
		}
		if after := h.Record(user).Count; after != before+1 {
			t.Errorf("the store counts %d trades, want one", after-before)
		}
	})
}

func TestRacingPageLoadsAllOpen(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		h.Clock.Advance(11 * time.Minute)
		tabs := make([]*testkit.Browser, 20)
		for i := range tabs {
			tabs[i] = b.Copy()
		}
		answers := make([]testkit.Answer, len(tabs))
		testkit.Race(len(tabs), func(i int) {
			path := []string{"/dashboard", "/profile", "/", "/confirm"}[i%4]
			answers[i] = tabs[i].Try(http.MethodGet, path, nil)
		})
		for i, got := range answers {
			if got.Status != 200 || tabs[i].Cookies()["refresh"] != tabs[0].Cookies()["refresh"] {
				t.Errorf("page %d: %d %s", i, got.Status, testkit.Text(got.Body))
			}
		}
		if count := h.Record(tabs[0].User()).Count; count != 2 {
			t.Errorf("the session stands at %d, want 2", count)
		}
	})
}

// Both processes of a house answer racing tabs with one successor.
func TestRacingTabsAcrossProcesses(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, testkit.OnServers(t)...)
	other := h.Twin()
	b := h.Browser().SignUp(testkit.Someone())
	tabs := make([]*testkit.Browser, 20)
	for i := range tabs {
		tabs[i] = b.Copy()
		if i%2 == 1 {
			tabs[i] = other.Browser()
			tabs[i].Keep("refresh", b.Cookies()["refresh"])
		}
	}
	answers := make([]testkit.Answer, len(tabs))
	testkit.Race(len(tabs), func(i int) { answers[i] = tabs[i].Try(http.MethodPost, "/auth/refresh", nil) })
	for i, got := range answers {
		if got.Status != 204 || tabs[i].Cookies()["refresh"] != tabs[0].Cookies()["refresh"] {
			t.Errorf("tab %d: %d %s", i, got.Status, testkit.Text(got.Body))
		}
	}
}

// Pages that are drawn at the same time reach the people they were drawn for.
func TestPagesDoNotMix(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	people, addresses := make([]*testkit.Browser, 8), make([]string, 8)
	for i := range people {
		addresses[i] = testkit.Someone()
		people[i] = h.Browser().SignUp(addresses[i])
	}
	testkit.Race(len(people), func(i int) {
		for range 30 {
			page := people[i].Try(http.MethodGet, "/profile", nil)
			for j, address := range addresses {
				if shown := strings.Contains(page.Body, address); shown != (i == j) || page.Status != 200 {
					t.Errorf("%d: the page of %d shows the address of %d: %t", page.Status, i, j, shown)
				}
			}
		}
	})
}
