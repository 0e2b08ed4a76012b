package tests

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// A page elsewhere can make a browser post here, with its cookies or without. No route but Apple's
// callback takes it, and nothing has happened afterwards. The routes are read from the app itself,
// so that a new one is held to it too.
func TestCrossSitePostsAreRefused(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	b := h.Browser().SignUp(email)
	ways := map[string]map[string]string{
		"cross-site":             {"Sec-Fetch-Site": "cross-site"},
		"same-site":              {"Sec-Fetch-Site": "same-site"},
		"cross-site, our origin": {"Sec-Fetch-Site": "cross-site", "Origin": h.URL},
		"a foreign origin":       {"Origin": "https://evil.example"},
		"our name elsewhere":     {"Origin": h.URL + ".evil.example"},
		"another port":           {"Origin": "http://127.0.0.1:1"},
		"origin null":            {"Origin": "null"},
	}
	posts := 0
	for _, route := range h.Web.GetRoutes(true) {
		if route.Method == http.MethodGet || route.Method == http.MethodHead || route.Path == "/auth/apple/callback" {
			continue
		}
		posts++
		for name, headers := range ways {
			request := b.Request(route.Method, route.Path, map[string][]string{"section": {"details"}, "name": {"Mallory"},
				"action": {"end-others"},
				"email":  {email}, "password": {testkit.Password}})
			request.Header.Del("Sec-Fetch-Site")
			for header, value := range headers {
				request.Header.Set(header, value)
			}
			got, err := b.Send(request)
			if err != nil || got.Status != 403 || len(got.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s: %s %s answered %d, %v", name, route.Method, route.Path, got.Status, err)
			}
		}
	}
	if posts < 9 {
		t.Errorf("only %d routes were tried", posts)
	}
	if page := b.Get("/profile"); page.Status != 200 || !strings.Contains(page.Body, "Ada Lovelace") {
		t.Errorf("something happened: %d %s", page.Status, testkit.Text(page.Body))
	}
	if mails := len(h.Mailbox.All()); mails != 1 {
		t.Errorf("%d mails, want the code of the sign-up alone", mails)
	}
}

// Our own pages, and programs that are no browser, are let in.
func TestOurOwnPostsAreTaken(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	for name, headers := range map[string]map[string]string{
		"same-origin": {"Sec-Fetch-Site": "same-origin", "Origin": h.URL},
		"typed":       {"Sec-Fetch-Site": "none"},
		"older":       {"Origin": h.URL},
		"no browser":  {},
	} {
		b := h.Browser()
		request := b.Request(http.MethodPost, "/forgot", map[string][]string{"email": {testkit.Someone()}})
		request.Header.Del("Sec-Fetch-Site")
		for header, value := range headers {
			request.Header.Set(header, value)
		}
		if got, err := b.Send(request); err != nil || got.Status != 303 {
			t.Errorf("%s: %d %v", name, got.Status, err)
		}
	}
}

// Apple's callback takes the cross-site post, and does no more than bring it back by a GET, where
// the browser's own cookie has to prove it.
func TestApplesPostOnlyComesBack(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	b := h.Browser()
	request := b.Request(http.MethodPost, "/auth/apple/callback", map[string][]string{"code": {"c"}, "state": {"s"}})
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	request.Header.Set("Origin", "https://appleid.apple.com")
	got, err := b.Send(request)
	if err != nil || got.Status != 303 || len(got.Header.Values("Set-Cookie")) > 0 {
		t.Fatalf("%d %v %v", got.Status, got.Header, err)
	}
	b.Want(b.Get(got.To()), 303, "/auth/error?why=state&provider=apple")
}
