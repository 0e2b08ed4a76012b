//go:build resilience

package resilience_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// judge watches what people are answered. No answer may be a 5xx other than a 503 that says when to
// come back, and none may end a session that nobody ended.
type judge struct {
	mu       sync.Mutex
	statuses map[int]int
	lost     int // requests without an answer
	wrong    []string
	services map[service]*span
	slowest  time.Duration
}

// service is what one person comes for: pages, which need no session store while an access token
// lives, or trades, which do.
type service struct {
	person *person
	kind   string
}

// span is when a person was last served, and the longest time from one good answer to the next.
type span struct {
	last time.Time
	gap  time.Duration
}

func newJudge() *judge {
	return &judge{statuses: map[int]int{}, services: map[service]*span{}}
}

// saw judges one answer. The error is a connection without an answer.
func (j *judge) saw(p *person, what string, response *http.Response, err error, took time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.slowest = max(j.slowest, took)
	if err != nil {
		j.lost++
		if len(j.wrong) < 20 {
			j.wrong = append(j.wrong, fmt.Sprintf("%s: %v", what, err))
		}
		return
	}
	j.statuses[response.StatusCode]++
	switch {
	case response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
	case response.StatusCode >= 500:
		j.accuse(what, response, "a server error")
	case signedOut(response):
		j.accuse(what, response, "signed out")
	default:
		j.good(p, what)
	}
	if cleared(response) {
		j.accuse(what, response, "a cookie was cleared")
	}
}

func (j *judge) accuse(what string, response *http.Response, verdict string) {
	j.wrong = append(j.wrong, fmt.Sprintf("%s: %d to %q: %s", what, response.StatusCode, response.Header.Get("Location"),
		verdict))
}

func (j *judge) good(p *person, what string) {
	kind := service{p, "pages"}
	if what == "POST /auth/refresh" {
		kind.kind = "trades"
	} else if p.forgetful {
		return
	}
	s, now := j.services[kind], time.Now()
	if s == nil {
		s = &span{}
		j.services[kind] = s
	} else {
		s.gap = max(s.gap, now.Sub(s.last))
	}
	s.last = now
}

func signedOut(response *http.Response) bool {
	to := response.Header.Get("Location")
	return response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusSeeOther &&
		strings.HasPrefix(to, "/sign-in")
}

func cleared(response *http.Response) bool {
	for _, cookie := range response.Cookies() {
		if name := strings.TrimPrefix(cookie.Name, "__Host-"); (name == "access" || name == "refresh") && cookie.Value == "" {
			return true
		}
	}
	return false
}

// gap is the longest that anyone went without a service.
func (j *judge) gap(kind string) time.Duration {
	longest := time.Duration(0)
	for s, span := range j.services {
		if s.kind == kind {
			longest = max(longest, span.gap)
		}
	}
	return longest.Round(time.Millisecond)
}

// say prints the figures and fails the test for what was wrong. Lost requests are wrong unless the
// scenario has nobody in front to try again.
func (j *judge) say(t *testing.T, title string, mayLose bool) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	total := 0
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(j.statuses)) {
		total += j.statuses[status]
		parts = append(parts, fmt.Sprintf("%d×%d", j.statuses[status], status))
	}
	report(t, "%s: %d answers (%s), %d without an answer, longest gap %s in pages and %s in trades, slowest request %s",
		title, total,
		strings.Join(parts, ", "), j.lost, j.gap("pages"), j.gap("trades"), j.slowest.Round(time.Millisecond))
	wrong := j.wrong
	if mayLose {
		wrong = slices.DeleteFunc(slices.Clone(wrong), func(s string) bool { return !strings.Contains(s, " to \"") })
	}
	for i, sentence := range wrong {
		if i == 10 {
			t.Errorf("… and %d more", len(wrong)-i)
			break
		}
		t.Error(sentence)
	}
	if total == 0 {
		t.Error("nobody was answered")
	}
}

// report prints a figure so that it shows without -v too.
func report(t *testing.T, format string, args ...any) {
	t.Helper()
	fmt.Printf("    %s: %s\n", t.Name(), fmt.Sprintf(format, args...))
}
