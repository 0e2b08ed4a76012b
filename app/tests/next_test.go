package tests

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// elsewhere are ways to write an address that some browser or parser takes for another host, as
// they stand in a query or a form's body.
var elsewhere = []string{
	"https://evil.example", "http://evil.example/", "//evil.example", "///evil.example", "////evil.example",
	"/\\evil.example", "\\\\evil.example", "\\/evil.example",
	"https:evil.example", "https:/evil.example", "http:evil.example", "evil.example", "@evil.example", ".evil.example",
	":80", "?x", "#x",
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", " //evil.example", "\t//evil.example",
	"/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
	"/\r\nSet-Cookie: a=b", "/\x00/evil.example", "/\x7f/evil.example", "/a\\..\\..\\/evil.example", "%2f%2fevil.example",
	"%252f%252fevil.example", "%5c%5cevil.example",
	"/%", "/%zz", "/\xff/evil.example", "/" + strings.Repeat("a", 5000), "\u3000//evil.example", "／／evil.example",
	"//evil.example/%2e%2e", "/ /evil.example\n", "//127.0.0.1@evil.example",
}

// rawQueries reach the server exactly so.
var rawQueries = []string{
	"next=//evil.example", "next=%2f%2fevil.example", "next=%2F%5Cevil.example", "next=/%5cevil.example",
	"next=%252f%252fevil.example", "next=/%09/evil.example", "next=/%0d/evil.example",
	"next=https%3a%2f%2fevil.example", "next=https%3aevil.example", "next=//evil.example&next=/dashboard",
	"next=/dashboard&next=//evil.example",
	"next[]=//evil.example", "next=%00", "next=%ff//evil.example", "next=%", "next=/%250a/evil.example",
	"next=java%0ascript:alert(1)", "next=+//evil.example",
}

// stays fails the test when a browser of this house would leave it.
func stays(h *testkit.House, what, to string) {
	h.T.Helper()
	base, _ := url.Parse(h.URL + "/sign-in")
	at, err := base.Parse(strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.TrimSpace(to)))
	if err != nil || at.Host != base.Host || at.Scheme != "http" || !strings.HasPrefix(to, "/") ||
		strings.ContainsAny(to, "\r\n\t\\\x00") {
		h.T.Errorf("%s leads to %q (%v)", what, to, err)
	}
	if inner := at.Query().Get("next"); inner != "" {
		stays(h, what+", inside", inner)
	}
}

var localLinks = regexp.MustCompile(`(?:href|action|hx-post|hx-get|name="next" value)="([^"]*)"`)

// pageStays looks at every link and every hidden next of a page.
func pageStays(h *testkit.House, what string, got testkit.Answer) {
	h.T.Helper()
	if got.Status >= 500 {
		h.T.Errorf("%s: %d", what, got.Status)
	}
	for _, link := range localLinks.FindAllStringSubmatch(got.Body, -1) {
		if to := html.UnescapeString(link[1]); !strings.HasPrefix(to, "#") {
			stays(h, what, to)
		}
	}
}

func TestNextNeverLeadsElsewhere(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t, "PASSWORD_MIN=8")
	email := testkit.Someone()
	user := h.Browser().SignUp(email)
	queries := append([]string(nil), rawQueries...)
	for _, to := range elsewhere {
		queries = append(queries, "next="+url.QueryEscape(to))
	}
	for _, query := range queries {
		for _, path := range []string{"/sign-in", "/sign-up", "/forgot"} {
			pageStays(h, "GET "+path+"?"+query, h.Browser().Get(path+"?"+query))
			got := user.Get(path + "?" + query)
			if got.Status != 303 {
				t.Errorf("%s, signed in: %d", path, got.Status)
			}
			stays(h, "GET "+path+"?"+query+", signed in", got.To())
		}
		pageStays(h, "GET /confirm?"+query, user.Get("/confirm?"+query))
		pageStays(h, "POST /sign-in?"+query, h.Browser().Post("/sign-in?"+query, "email", "nobody"))
		entered := h.Browser().Enter("google", "ada", query)
		if entered.Status != 303 {
			t.Errorf("through Google with %s: %d", query, entered.Status)
		}
		stays(h, "through Google with "+query, entered.To())
		pageStays(h, "GET /auth/error?"+query, h.Browser().Get("/auth/error?why=state&provider=google&"+query))
	}
	for _, to := range elsewhere {
		guest := h.Browser()
		guest.Post("/forgot", "email", email, "next", to)
		pageStays(h, "GET /reset, next="+to, guest.Get("/reset"))
		pageStays(h, "POST /sign-up, next="+to, h.Browser().Post("/sign-up", "email", "nobody", "next", to))
	}
}

// The whole way through each form, with the few that slip through most often.
func TestNextIsHeldThroughEachFlow(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "LIMITS=off")
	email := testkit.Someone()
	user := h.Browser().SignUp(email)
	for _, to := range []string{"//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example",
		"javascript:alert(1)"} {
		for _, htmx := range []bool{false, true} {
			guest := h.Browser()
			guest.HTMX, user.HTMX = htmx, htmx
			follow := func(what string, got testkit.Answer) {
				where := got.To() + got.Header.Get("HX-Redirect")
				if got.Status != 303 && got.Status != http.StatusNoContent || where == "" {
					t.Errorf("%s: %d %s", what, got.Status, testkit.Text(got.Body))
				}
				stays(h, what, where)
			}
			follow("sign-in", guest.Post("/sign-in", "email", email, "password", testkit.Password, "next", to))
			follow("sign-up, signed in", guest.Post("/sign-up", "next", to))
			follow("confirm", user.Post("/confirm", "password", testkit.Password, "next", to))
			stranger, address := h.Browser(), testkit.Someone()
			stranger.HTMX = htmx
			follow("sign-up", stranger.Post("/sign-up", "name", "Ada", "email", address, "password", testkit.Password, "next",
				to))
			follow("verify", stranger.Post("/verify", "code", h.Code(address), "next", to))
			forgetful := h.Browser()
			forgetful.HTMX = htmx
			follow("forgot", forgetful.Post("/forgot", "email", address, "next", to))
			follow("reset", forgetful.Post("/reset", "code", h.Code(address), "password", "another way to the gatehouse",
				"next", to))
		}
	}
}

// A long next must not push a cookie past what browsers keep: the flow would be lost.
func TestLongNextKeepsTheFlow(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	for _, unit := range []string{"a", "&", "é", "<", "\"", "%20"} {
		to := "/" + strings.Repeat(unit, 999/len(unit))
		name, address := strings.Repeat("ü", 100), strings.Repeat("a", 40)+testkit.Someone()
		for path, form := range map[string]url.Values{
			"/sign-up": {"name": {name}, "email": {address}, "password": {testkit.Password}, "next": {to}},
			"/forgot":  {"email": {address}, "next": {to}},
		} {
			got := h.Browser().Do(http.MethodPost, path, form)
			for cookie, raw := range setCookies(got) {
				if pair, _, _ := strings.Cut(raw, ";"); len(pair) > 4096 {
					t.Errorf("%s with next of %q: the cookie %s has %d bytes, and browsers drop it", path, unit, cookie, len(pair))
				}
			}
			if got.Status != 303 {
				t.Errorf("%s: %d %s", path, got.Status, testkit.Text(got.Body))
			}
		}
	}
}

// A next that leads into /auth/ would act by way of whoever signs in: it goes nowhere.
func TestNextDoesNotAct(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	email := testkit.Someone()
	h.Browser().SignUp(email)
	for _, next := range []string{"/auth/github", "/auth/google?intent=link", "/auth/github/link", "/auth", "/auth/",
		"/x/../auth/github", "/./auth/github",
		"/%61uth/github", "/x/%2e%2e/auth/github", "/AUTH/github", "/profile/../auth/sign-out", "/auth//github",
		"//auth/github",
		"/auth/x//../../github", "/x//%2e%2e/%2E%2E/auth/github", "/auth/x/../github", "/dashboard/..//auth/github"} {
		b := h.Browser()
		b.Want(b.Post("/sign-in", "email", email, "password", testkit.Password, "next", next), 303, "/dashboard")
		b.Want(b.Get("/sign-in?next="+url.QueryEscape(next)), 303, "/dashboard")
	}
	b := h.Browser()
	b.Want(b.Post("/sign-in", "email", email, "password", testkit.Password, "next", "/authors?x=/auth/"),
		303, "/authors?x=/auth/")
}
