//go:build resilience

package resilience_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/session"
	"gatehouse/models"
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

// person is a browser without JavaScript, signed in.
type person struct {
	w      *world
	user   models.User
	base   string
	client *http.Client
	judge  *judge

	forgetful bool // comes back after the access token has run out
}

// person signs somebody in, at a base address such as the balancer's.
func (w *world) person(base string, judge *judge) *person {
	w.t.Helper()
	p := w.stranger(base, judge)
	p.enter()
	return p
}

// enter makes p somebody who is signed in.
func (p *person) enter() {
	p.w.t.Helper()
	p.user = p.w.user()
	p.carry(p.w.started(p.user))
}

func (w *world) stranger(base string, judge *judge) *person {
	jar, _ := cookiejar.New(nil)
	return &person{w: w, base: "http://" + base, judge: judge, client: &http.Client{Jar: jar, Timeout: 15 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (p *person) carry(pair session.Pair) {
	at, _ := url.Parse(p.base)
	prefix, secure := "", at.Scheme == "https"
	if secure {
		prefix = "__Host-"
	}
	p.client.Jar.SetCookies(at, []*http.Cookie{{Name: prefix + "access", Value: pair.Access, Path: "/", Secure: secure},
		{Name: prefix + "refresh", Value: pair.Refresh, Path: "/", Secure: secure}})
}

// cookie is what the browser holds under a name.
func (p *person) cookie(name string) string {
	at, _ := url.Parse(p.base)
	for _, cookie := range p.client.Jar.Cookies(at) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

func (p *person) do(ctx context.Context, method, path string, form url.Values) (*http.Response, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	began := time.Now()
	response, err := p.client.Do(request)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	if p.judge != nil && ctx.Err() == nil {
		p.judge.saw(p, method+" "+path, response, err, time.Since(began))
	}
	return response, err
}

func (p *person) get(path string) int {
	return statusOf(p.do(p.w.t.Context(), http.MethodGet, path, nil))
}

func (p *person) post(path string, form url.Values) int {
	return statusOf(p.do(p.w.t.Context(), http.MethodPost, path, form))
}

func statusOf(response *http.Response, err error) int {
	if err != nil {
		return 0
	}
	return response.StatusCode
}

// forget drops a cookie, as an expiry or a closed browser would.
func (p *person) forget(name string) {
	at, _ := url.Parse(p.base)
	p.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Path: "/", MaxAge: -1}})
}

// lives does what a person does, over and over: opens pages, saves a form, lets the page refresh, or
// comes back after the access token has run out.
func (p *person) lives(ctx context.Context, every time.Duration) {
	form := url.Values{"section": {"details"}, "name": {"Ada"}, "phone": {""}}
	for i := 0; ctx.Err() == nil; i++ {
		if p.forgetful && i%4 == 3 {
			p.forget("access")
		}
		switch i % 6 {
		case 1, 4:
			_, _ = p.do(ctx, http.MethodPost, "/auth/refresh", nil)
		case 2:
			_, _ = p.do(ctx, http.MethodPost, "/profile", form)
		default:
			_, _ = p.do(ctx, http.MethodGet, "/dashboard", nil)
		}
		pause(ctx, every)
	}
}

// crowd is people who live until stop is called.
func (w *world) crowd(n int, every time.Duration, base string, judge *judge) (people []*person, stop func()) {
	w.t.Helper()
	for i := range n {
		p := w.person(base, judge)
		p.forgetful = i%2 == 0
		people = append(people, p)
	}
	return people, background(func(ctx context.Context) {
		var all sync.WaitGroup
		for _, p := range people {
			all.Go(func() { p.lives(ctx, every) })
		}
		all.Wait()
	})
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
