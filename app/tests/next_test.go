package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// elsewhere are ways to write an address that some browser or parser takes for another host, as
// they stand in a query or a form's body.
var elsewhere = []string{
	"https://evil.example", "http://evil.example/", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
	"https:evil.example", "https:/evil.example", "http:evil.example", "evil.example", "@evil.example", ".evil.example", ":80", "?x", "#x",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", " //evil.example", "\t//evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
	"/\r\nSet-Cookie: a=b", "/\x00/evil.example", "/\x7f/evil.example", "/a\\..\\..\\/evil.example", "%2f%2fevil.example", "%252f%252fevil.example", "%5c%5cevil.example",
	"/%", "/%zz", "/\xff/evil.example", "/" + strings.Repeat("a", 5000), "\u3000//evil.example", "／／evil.example",
	"//evil.example/%2e%2e", "/ /evil.example\n", "//127.0.0.1@evil.example",
}

// rawQueries reach the server exactly so.
var rawQueries = []string{
	"next=//evil.example", "next=%2f%2fevil.example", "next=%2F%5Cevil.example", "next=/%5cevil.example", "next=%252f%252fevil.example", "next=/%09/evil.example", "next=/%0d/evil.example",
	"next=https%3a%2f%2fevil.example", "next=https%3aevil.example", "next=//evil.example&next=/dashboard", "next=/dashboard&next=//evil.example",
	"next[]=//evil.example", "next=%00", "next=%ff//evil.example", "next=%", "next=/%250a/evil.example", "next=java%0ascript:alert(1)", "next=+//evil.example",
}

// stays fails the test when a browser of this house would leave it.
func (h *house) stays(what, to string) {
	h.t.Helper()
	base, _ := url.Parse(h.url + "/sign-in")
	at, err := base.Parse(strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.TrimSpace(to)))
	if err != nil || at.Host != base.Host || at.Scheme != "http" || !strings.HasPrefix(to, "/") || strings.ContainsAny(to, "\r\n\t\\\x00") {
		h.t.Errorf("%s leads to %q (%v)", what, to, err)
	}
	if inner := at.Query().Get("next"); inner != "" {
		h.stays(what+", inside", inner)
	}
}

var localLinks = regexp.MustCompile(`(?:href|action|hx-post|hx-get|name="next" value)="([^"]*)"`)

// pageStays looks at every link and every hidden next of a page.
func (h *house) pageStays(what string, got answer) {
	h.t.Helper()
	if got.status >= 500 {
		h.t.Errorf("%s: %d", what, got.status)
	}
	for _, link := range localLinks.FindAllStringSubmatch(got.body, -1) {
		if to := html.UnescapeString(link[1]); !strings.HasPrefix(to, "#") {
			h.stays(what, to)
		}
	}
}

func TestNextNeverLeadsElsewhere(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t, "PASSWORD_MIN=8")
	email := someone()
	user := h.browser().signUp(email)
	queries := append([]string(nil), rawQueries...)
	for _, to := range elsewhere {
		queries = append(queries, "next="+url.QueryEscape(to))
	}
	for _, query := range queries {
		for _, path := range []string{"/sign-in", "/sign-up", "/forgot"} {
			h.pageStays("GET "+path+"?"+query, h.browser().get(path+"?"+query))
			got := user.get(path + "?" + query)
			if got.status != 303 {
				t.Errorf("%s, signed in: %d", path, got.status)
			}
			h.stays("GET "+path+"?"+query+", signed in", got.to())
		}
		h.pageStays("GET /confirm?"+query, user.get("/confirm?"+query))
		h.pageStays("POST /sign-in?"+query, h.browser().post("/sign-in?"+query, "email", "nobody"))
		entered := h.browser().enter("google", "ada", query)
		if entered.status != 303 {
			t.Errorf("through Google with %s: %d", query, entered.status)
		}
		h.stays("through Google with "+query, entered.to())
		h.pageStays("GET /auth/error?"+query, h.browser().get("/auth/error?why=state&provider=google&"+query))
	}
	for _, to := range elsewhere {
		guest := h.browser()
		guest.post("/forgot", "email", email, "next", to)
		h.pageStays("GET /reset, next="+to, guest.get("/reset"))
		h.pageStays("POST /sign-up, next="+to, h.browser().post("/sign-up", "email", "nobody", "next", to))
	}
}

// The whole way through each form, with the few that slip through most often.
func TestNextIsHeldThroughEachFlow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "LIMITS=off")
	email := someone()
	user := h.browser().signUp(email)
	for _, to := range []string{"//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)"} {
		for _, htmx := range []bool{false, true} {
			guest := h.browser()
			guest.htmx, user.htmx = htmx, htmx
			follow := func(what string, got answer) {
				where := got.to() + got.header.Get("HX-Redirect")
				if got.status != 303 && got.status != http.StatusNoContent || where == "" {
					t.Errorf("%s: %d %s", what, got.status, text(got.body))
				}
				h.stays(what, where)
			}
			follow("sign-in", guest.post("/sign-in", "email", email, "password", password, "next", to))
			follow("sign-up, signed in", guest.post("/sign-up", "next", to))
			follow("confirm", user.post("/confirm", "password", password, "next", to))
			stranger, address := h.browser(), someone()
			stranger.htmx = htmx
			follow("sign-up", stranger.post("/sign-up", "name", "Ada", "email", address, "password", password, "next", to))
			follow("verify", stranger.post("/verify", "code", h.code(address), "next", to))
			forgetful := h.browser()
			forgetful.htmx = htmx
			follow("forgot", forgetful.post("/forgot", "email", address, "next", to))
			follow("reset", forgetful.post("/reset", "code", h.code(address), "password", "another way to the gatehouse", "next", to))
		}
	}
}

// A long next must not push a cookie past what browsers keep: the flow would be lost.
func TestLongNextKeepsTheFlow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, unit := range []string{"a", "&", "é", "<", "\"", "%20"} {
		to := "/" + strings.Repeat(unit, 999/len(unit))
		name, address := strings.Repeat("ü", 100), strings.Repeat("a", 40)+someone()
		for path, form := range map[string]url.Values{
			"/sign-up": {"name": {name}, "email": {address}, "password": {password}, "next": {to}},
			"/forgot":  {"email": {address}, "next": {to}},
		} {
			got := h.browser().do(http.MethodPost, path, form)
			for cookie, raw := range setCookies(got) {
				if pair, _, _ := strings.Cut(raw, ";"); len(pair) > 4096 {
					t.Errorf("%s with next of %q: the cookie %s has %d bytes, and browsers drop it", path, unit, cookie, len(pair))
				}
			}
			if got.status != 303 {
				t.Errorf("%s: %d %s", path, got.status, text(got.body))
			}
		}
	}
}
