package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	guestPages = []string{"/", "/sign-in", "/sign-up", "/forgot", "/auth/error?why=denied", "/nothing/here", "/dev/mail"}
	userPages  = []string{"/dashboard", "/profile", "/profile?section=delete", "/confirm", "/nothing/here"}
)

// inline is what a strict policy would refuse: scripts and styles in the page itself.
var inline = regexp.MustCompile(`(?i)<script(?:\s+(?:defer|async))*\s*>|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|hx-vals="js:`)

func TestEveryPageIsHardened(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	user := h.browser().signUp(someone())
	check := func(b *browser, path string) {
		got := b.get(path)
		if got.status != 200 && got.status != 400 && got.status != 404 {
			t.Errorf("%s: %d %s", path, got.status, text(got.body))
		}
		hardened(t, path, got)
		if found := inline.FindString(got.body); found != "" {
			t.Errorf("%s: the page carries %q", path, found)
		}
	}
	here := h.browser()
	here.from = "127.0.0.1" // whoever may see the mails
	for _, path := range guestPages {
		check(here, path)
	}
	for _, path := range userPages {
		check(user, path)
	}
}

// hardened fails the test unless an answer says all that ours say.
func hardened(t *testing.T, what string, got answer) {
	t.Helper()
	policy := strings.Split(got.header.Get("Content-Security-Policy"), "; ")
	for _, directive := range []string{"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !slices.Contains(policy, directive) {
			t.Errorf("%s: the policy lacks %s: %s", what, directive, policy)
		}
	}
	for _, word := range []string{"unsafe", "*", "http:", "https:"} {
		if strings.Contains(strings.Join(policy, " "), word) {
			t.Errorf("%s: the policy allows %s: %s", what, word, policy)
		}
	}
	for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store", "Vary": "HX-Request"} {
		if got.header.Get(name) != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got.header.Get(name), value)
		}
	}
	if got.header.Get("X-Request-Id") == "" {
		t.Errorf("%s: no request id", what)
	}
}

// What hands out or takes back a cookie is never kept by a cache, whatever the method or status.
func TestAnswersWithCookiesAreNotStored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	b := h.browser().signUp(email)
	for what, got := range map[string]answer{
		"refresh":         b.post("/auth/refresh"),
		"session":         b.get("/auth/session"),
		"session, guest":  h.browser().get("/auth/session"),
		"refresh, guest":  h.browser().post("/auth/refresh"),
		"sign-in":         h.browser().post("/sign-in", "email", email, "password", password),
		"sign-in, wrong":  h.browser().post("/sign-in", "email", email, "password", "wrong"),
		"sign-up":         h.browser().post("/sign-up", "name", "Ada", "email", someone(), "password", password),
		"sign-out":        b.post("/auth/sign-out"),
		"another site":    b.do("POST", "/sign-in?x", nil),
		"a method":        b.do(http.MethodDelete, "/profile", nil),
		"asked to log in": h.browser().get("/profile"),
		"too large":       h.browser().announces("/sign-in", 4<<20),
	} {
		hardened(t, what, got)
	}
}

func TestStaticFilesAreKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	page := h.browser().get("/").body
	files := regexp.MustCompile(`/static/[^"]+`).FindAllString(page, -1)
	if len(files) < 3 {
		t.Fatalf("only %v", files)
	}
	for _, file := range files {
		got := h.browser().get(file)
		if got.status != 200 || !strings.Contains(got.header.Get("Cache-Control"), "max-age=") || got.header.Get("X-Content-Type-Options") != "nosniff" || len(got.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: %d %v", file, got.status, got.header)
		}
	}
	for _, path := range []string{"/static/../app.go", "/static/%2e%2e/go.mod", "/static/..%2fgo.mod", "/static/", "/static/%00", "/static/app.css%00.png"} {
		if got := h.browser().get(path); got.status != 404 && got.status != 400 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// Cookies on plain http, for development, and on https, where each is bound to this host alone.
func TestCookieFlags(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[string]struct {
		address, prefix string
		secure          bool
	}{"http": {"http://localhost:3000", "", false}, "https": {"https://localhost", "__Host-", true}} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "APP_URL="+want.address)
			cookies := everyCookie(t, h, want.prefix)
			for _, name := range []string{"access", "refresh", "flow", "reset", "device"} {
				raw := strings.ToLower(cookies[want.prefix+name])
				if raw == "" {
					t.Errorf("no cookie %s among %v", want.prefix+name, cookies)
				}
				if !strings.Contains(raw, "; httponly") || !strings.Contains(raw, "; samesite=lax") || !strings.Contains(raw, "; path=/;") ||
					strings.Contains(raw, "domain=") || strings.Contains(raw, "; secure") != want.secure || len(raw) > 4096 {
					t.Errorf("%s", raw)
				}
			}
			if hsts := h.browser().get("/").header.Get("Strict-Transport-Security"); (hsts != "") != want.secure {
				t.Errorf("Strict-Transport-Security: %q", hsts)
			}
		})
	}
}

// everyCookie walks through sign-up, verify and forgot by hand: a cookie jar would not send Secure
// cookies to the test's plain http, as a TLS proxy does.
func everyCookie(t *testing.T, h *house, prefix string) map[string]string {
	t.Helper()
	b, email, all := h.browser(), someone(), map[string]string{}
	keep := func(got answer) {
		for name, raw := range setCookies(got) {
			if !strings.Contains(raw, "="+";") { // not those that are cleared
				all[name] = raw
			}
		}
	}
	keep(b.post("/forgot", "email", email))
	keep(b.post("/sign-up", "name", "Ada", "email", email, "password", password, "remember", "on"))
	flow, _, _ := strings.Cut(all[prefix+"flow"], ";")
	request := b.request(http.MethodPost, "/verify", map[string][]string{"code": {h.code(email)}})
	request.Header.Set("Cookie", flow)
	got, err := b.send(request)
	if err != nil {
		t.Fatal(err)
	}
	keep(b.want(got, 303, "/dashboard"))
	return all
}
