package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Twenty tabs wake at once with one refresh token: none may be signed out, and the cookie jar they
// share may end with any of the answers, so all answers carry one successor.
func TestRacingTabsGetOneSuccessor(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		user, old, before := b.user(), b.cookies()["refresh"], h.record(b.user()).Count
		tabs := make([]*browser, 20)
		for i := range tabs {
			tabs[i] = b.copy()
		}
		answers := make([]answer, len(tabs))
		race(len(tabs), func(i int) { answers[i] = tabs[i].try(http.MethodPost, "/auth/refresh", nil) })
		successor := tabs[0].cookies()["refresh"]
		for i, tab := range tabs {
			if answers[i].status != 204 || tab.cookies()["refresh"] != successor || successor == old {
				t.Errorf("tab %d: %d %s, successor the same: %t, new: %t", i, answers[i].status, text(answers[i].body),
					tab.cookies()["refresh"] == successor, successor != old)
			}
			if !tab.signedIn() {
				t.Errorf("tab %d is signed out", i)
			}
		}
		if after := h.record(user).Count; after != before+1 {
			t.Errorf("the store counts %d trades, want one", after-before)
		}
	})
}

func TestRacingPageLoadsAllOpen(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		h.clock.advance(11 * time.Minute)
		tabs := make([]*browser, 20)
		for i := range tabs {
			tabs[i] = b.copy()
		}
		answers := make([]answer, len(tabs))
		race(len(tabs), func(i int) {
			path := []string{"/dashboard", "/profile", "/", "/confirm"}[i%4]
			answers[i] = tabs[i].try(http.MethodGet, path, nil)
		})
		for i, got := range answers {
			if got.status != 200 || tabs[i].cookies()["refresh"] != tabs[0].cookies()["refresh"] {
				t.Errorf("page %d: %d %s", i, got.status, text(got.body))
			}
		}
		if count := h.record(tabs[0].user()).Count; count != 2 {
			t.Errorf("the session stands at %d, want 2", count)
		}
	})
}

// Both processes of a house answer racing tabs with one successor.
func TestRacingTabsAcrossProcesses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servers(t)...)
	other := h.twin()
	b := h.browser().signUp(someone())
	tabs := make([]*browser, 20)
	for i := range tabs {
		tabs[i] = b.copy()
		if i%2 == 1 {
			tabs[i] = other.browser()
			tabs[i].keep("refresh", b.cookies()["refresh"])
		}
	}
	answers := make([]answer, len(tabs))
	race(len(tabs), func(i int) { answers[i] = tabs[i].try(http.MethodPost, "/auth/refresh", nil) })
	for i, got := range answers {
		if got.status != 204 || tabs[i].cookies()["refresh"] != tabs[0].cookies()["refresh"] {
			t.Errorf("tab %d: %d %s", i, got.status, text(got.body))
		}
	}
}

// Pages that are drawn at the same time reach the people they were drawn for.
func TestPagesDoNotMix(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people, addresses := make([]*browser, 8), make([]string, 8)
	for i := range people {
		addresses[i] = someone()
		people[i] = h.browser().signUp(addresses[i])
	}
	race(len(people), func(i int) {
		for range 30 {
			page := people[i].try(http.MethodGet, "/profile", nil)
			for j, address := range addresses {
				if shown := strings.Contains(page.body, address); shown != (i == j) || page.status != 200 {
					t.Errorf("%d: the page of %d shows the address of %d: %t", page.status, i, j, shown)
				}
			}
		}
	})
}
