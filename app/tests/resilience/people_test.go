//go:build resilience

package resilience_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"gatehouse/app/session"
	"gatehouse/models"
)

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
