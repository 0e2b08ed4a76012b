package tests

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

var (
	guestPages = []string{"/", "/sign-in", "/sign-up", "/forgot", "/auth/error?why=denied", "/nothing/here", "/dev/mail"}
	userPages  = []string{"/dashboard", "/profile", "/profile?section=delete", "/confirm", "/nothing/here"}
)

// inline is what a strict policy would refuse: scripts and styles in the page itself.
var inline = regexp.MustCompile(`(?i)<script(?:\s+(?:defer|async))*\s*>|<style|` +
	`\sstyle=|\son[a-z]+=|hx-on|javascript:|hx-vals="js:`)

func TestEveryPageIsHardened(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	user := h.Browser().SignUp(testkit.Someone())
	check := func(b *testkit.Browser, path string) {
		got := b.Get(path)
		if got.Status != 200 && got.Status != 400 && got.Status != 404 {
			t.Errorf("%s: %d %s", path, got.Status, testkit.Text(got.Body))
		}
		hardened(t, path, got)
		if found := inline.FindString(got.Body); found != "" {
			t.Errorf("%s: the page carries %q", path, found)
		}
	}
	here := h.Browser()
	here.From = "127.0.0.1" // whoever may see the mails
	for _, path := range guestPages {
		check(here, path)
	}
	for _, path := range userPages {
		check(user, path)
	}
}

// hardened fails the test unless an answer says all that ours say.
func hardened(t *testing.T, what string, got testkit.Answer) {
	t.Helper()
	policy := strings.Split(got.Header.Get("Content-Security-Policy"), "; ")
	for _, directive := range []string{"default-src 'self'", "object-src 'none'", "base-uri 'none'",
		"frame-ancestors 'none'", "form-action 'self'"} {
		if !slices.Contains(policy, directive) {
			t.Errorf("%s: the policy lacks %s: %s", what, directive, policy)
		}
	}
	for _, word := range []string{"unsafe", "*", "http:", "https:"} {
		if strings.Contains(strings.Join(policy, " "), word) {
			t.Errorf("%s: the policy allows %s: %s", what, word, policy)
		}
	}
	for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy":            "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store"} {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got.Header.Get(name), value)
		}
	}
	if vary := got.Header.Get("Vary"); vary != "HX-Request" && vary != "HX-Request, Accept-Encoding" {
		t.Errorf("%s: Vary is %q", what, vary)
	}
	if got.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s: no request id", what)
	}
}

// What hands out or takes back a cookie is never kept by a cache, whatever the method or status.
func TestAnswersWithCookiesAreNotStored(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	b := h.Browser().SignUp(email)
	for what, got := range map[string]testkit.Answer{
		"refresh":        b.Post("/auth/refresh"),
		"session":        b.Get("/auth/session"),
		"session, guest": h.Browser().Get("/auth/session"),
		"refresh, guest": h.Browser().Post("/auth/refresh"),
		"sign-in":        h.Browser().Post("/sign-in", "email", email, "password", testkit.Password),
		"sign-in, wrong": h.Browser().Post("/sign-in", "email", email, "password", "wrong"),
		"sign-up": h.Browser().Post("/sign-up", "name", "Ada", "email", testkit.Someone(), "password",
			testkit.Password),
		"sign-out":        b.Post("/auth/sign-out"),
		"another site":    b.Do("POST", "/sign-in?x", nil),
		"a method":        b.Do(http.MethodDelete, "/profile", nil),
		"asked to log in": h.Browser().Get("/profile"),
		"too large":       h.Browser().Announces("/sign-in", 4<<20),
	} {
		hardened(t, what, got)
	}
}

func TestStaticFilesAreKept(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	page := h.Browser().Get("/").Body
	files := regexp.MustCompile(`/static/[^"]+`).FindAllString(page, -1)
	if len(files) < 3 {
		t.Fatalf("only %v", files)
	}
	for _, file := range files {
		got := h.Browser().Get(file)
		if got.Status != 200 || !strings.Contains(got.Header.Get("Cache-Control"), "max-age=") ||
			got.Header.Get("X-Content-Type-Options") != "nosniff" || len(got.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: %d %v", file, got.Status, got.Header)
		}
	}
	for _, path := range []string{"/static/../app.go", "/static/%2e%2e/go.mod", "/static/..%2fgo.mod", "/static/",
		"/static/%00", "/static/app.css%00.png"} {
		if got := h.Browser().Get(path); got.Status != 404 && got.Status != 400 {
			t.Errorf("%s: %d", path, got.Status)
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
			h := testkit.NewHouse(t, "APP_URL="+want.address)
			cookies := everyCookie(t, h, want.prefix)
			for _, name := range []string{"access", "refresh", "flow", "reset", "device"} {
				raw := strings.ToLower(cookies[want.prefix+name])
				if raw == "" {
					t.Errorf("no cookie %s among %v", want.prefix+name, cookies)
				}
				if !strings.Contains(raw, "; httponly") || !strings.Contains(raw, "; samesite=lax") ||
					!strings.Contains(raw, "; path=/;") ||
					strings.Contains(raw, "domain=") || strings.Contains(raw, "; secure") != want.secure || len(raw) > 4096 {
					t.Errorf("%s", raw)
				}
			}
			strict := map[string]string{"http": "", "https": "max-age=31536000"}[scheme]
			if got := h.Browser().Get("/").Header.Get("Strict-Transport-Security"); got != strict {
				t.Errorf("Strict-Transport-Security: %q, want %q", got, strict)
			}
			below := testkit.NewHouse(t, "APP_URL="+want.address, "HSTS_SUBDOMAINS=on")
			got := below.Browser().Get("/").Header.Get("Strict-Transport-Security")
			if strict != "" && got != strict+"; includeSubDomains" {
				t.Errorf("with HSTS_SUBDOMAINS: %q", got)
			}
		})
	}
}

// everyCookie walks through sign-up, verify and forgot by hand: a cookie jar would not send Secure
// cookies to the test's plain http, as a TLS proxy does.
func everyCookie(t *testing.T, h *testkit.House, prefix string) map[string]string {
	t.Helper()
	b, email, all := h.Browser(), testkit.Someone(), map[string]string{}
	keep := func(got testkit.Answer) {
		for name, raw := range setCookies(got) {
			if !strings.Contains(raw, "="+";") { // not those that are cleared
				all[name] = raw
			}
		}
	}
	keep(b.Post("/forgot", "email", email))
	keep(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password, "remember", "on"))
	flow, _, _ := strings.Cut(all[prefix+"flow"], ";")
	request := b.Request(http.MethodPost, "/verify", map[string][]string{"code": {h.Code(email)}})
	request.Header.Set("Cookie", flow)
	got, err := b.Send(request)
	if err != nil {
		t.Fatal(err)
	}
	keep(b.Want(got, 303, "/dashboard"))
	return all
}
