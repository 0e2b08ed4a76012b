//go:build resilience

package resilience_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The nginx.conf and the Caddyfile that people copy serve as they are, but for names, addresses and
// certificates.
func TestProxiesServe(t *testing.T) {
	bothProxies(t, served)
}

// served goes through the proxy as a browser would.
func served(t *testing.T, w *world, gates []*gatehouse, f *front) {
	t.Helper()
	p := f.person(w, nil)
	user := w.user()
	request, _ := http.NewRequest(http.MethodPost, p.base+"/sign-in",
		strings.NewReader(url.Values{"email": {user.Email}, "password": {password}, "remember": {"on"}}.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", p.base)
	request.Header.Set("X-Forwarded-For", "203.0.113.9") // what a client says of itself
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Strict-Transport-Security") == "" ||
		len(p.cookie("__Host-refresh")) == 0 {
		t.Fatalf("a sign-in is answered %d %v", response.StatusCode, response.Header)
	}
	for _, cookie := range response.Cookies() {
		if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.Domain != "" ||
			cookie.Path != "/" {
			t.Errorf("a cookie is set as %s", cookie)
		}
	}
	for path, want := range map[string]int{"/dashboard": 200, "/metrics": 404, "/healthz": 404, "/readyz": 404} {
		if got := p.get(path); got != want {
			t.Errorf("%s is answered %d, want %d", path, got, want)
		}
	}
	p.base = "http://" + publicName
	if status := p.get("/dashboard"); status != http.StatusPermanentRedirect {
		t.Errorf("plain http is answered %d", status)
	}
	p.base = "https://" + publicName
	eventually(t, "the log has the sign-in",
		func() bool { return strings.Contains(gates[0].said()+gates[1].said(), `"kind":"signed_in"`) })
	if said := gates[0].said() + gates[1].said(); strings.Contains(said, "203.0.113.9") ||
		!strings.Contains(said, `"ip":"127.0.0.1"`) {
		t.Error("the proxy believes what a client says of its address")
	}
	gates[0].kill()
	good := 0
	for range 20 {
		if p.get("/dashboard") == http.StatusOK && p.post("/auth/refresh", nil) == http.StatusNoContent {
			good++
		}
	}
	report(t, "signed in over TLS (%s), /metrics shut, "+
		"with one of two processes killed %d of 20 pages and refreshes served", response.Proto, good)
	if good != 20 {
		t.Fail()
	}
}

// With the session store down no process is ready, and what needs no session store is served all the
// same: a balancer that believed them would take the whole site down.
func TestProxiesServeWithoutRedis(t *testing.T) {
	bothProxies(t, func(t *testing.T, w *world, gates []*gatehouse, f *front) {
		p := f.person(w, nil)
		p.enter()
		f.redis.kill()
		eventually(t, "/readyz says 503", func() bool {
			return gates[0].status("/readyz") == 503 &&
				gates[1].status("/readyz") == 503
		})
		pause(t.Context(), 2500*time.Millisecond) // until Caddy has seen it
		for range 20 {
			began := time.Now()
			page, form := p.get("/dashboard"), p.post("/profile", url.Values{"section": {"details"}, "name": {"Ada"}})
			if took := time.Since(began); page != http.StatusOK || form != http.StatusSeeOther || took > time.Second {
				t.Fatalf("without Redis a page is answered %d, a form %d, in %s", page, form, took)
			}
		}
	})
}

// A rolling restart behind either proxy loses nothing, forms least of all: a proxy that has sent half
// a form to a process that is gone cannot send it to the other.
func TestRollingRestartBehindProxies(t *testing.T) {
	bothProxies(t, func(t *testing.T, w *world, gates []*gatehouse, f *front) {
		const rounds = 4
		j := newJudge()
		var people []*person
		for range 12 {
			p := f.person(w, j)
			p.enter()
			people = append(people, p)
		}
		stop := background(func(ctx context.Context) {
			var all sync.WaitGroup
			for _, p := range people {
				all.Go(func() { p.fillsForms(ctx) })
			}
			all.Wait()
		})
		var codes []int
		var longest time.Duration
		for range rounds {
			for _, gate := range gates {
				began := time.Now()
				codes = append(codes, gate.terminate())
				longest = max(longest, time.Since(began))
				gate.again()
			}
		}
		stop()
		j.say(t, fmt.Sprintf("%d rolling restarts of 2 processes", rounds), false)
		report(t, "exit codes %v, the slowest end took %s", codes, longest.Round(time.Millisecond))
		if slices.Max(codes) != 0 {
			t.Fail()
		}
		for status, count := range j.statuses { // 429: they all come from one address
			if !slices.Contains([]int{http.StatusOK, http.StatusNoContent, http.StatusSeeOther, http.StatusUnprocessableEntity,
				http.StatusTooManyRequests}, status) {
				t.Errorf("%d answers are %d", count, status)
			}
		}
	})
}

// fillsForms is a person who sends more forms than anyone, with bodies small and large.
func (p *person) fillsForms(ctx context.Context) {
	details := url.Values{"section": {"details"}, "name": {"Ada"}, "phone": {""}}
	long := url.Values{"section": {"details"}, "name": {strings.Repeat("Ada", 1000)}, "phone": {""}}
	guest := url.Values{"email": {"no address"}, "password": {password}}
	for ctx.Err() == nil {
		_, _ = p.do(ctx, http.MethodGet, "/dashboard", nil)
		_, _ = p.do(ctx, http.MethodPost, "/profile", details)
		_, _ = p.do(ctx, http.MethodPost, "/profile", long)
		_, _ = p.do(ctx, http.MethodPost, "/auth/refresh", nil)
		_, _ = p.do(ctx, http.MethodPost, "/sign-in", guest)
		pause(ctx, 5*time.Millisecond)
	}
}
