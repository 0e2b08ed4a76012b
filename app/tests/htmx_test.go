package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const typedPassword = "Zq-typed-and-never-shown-again"

// A form that does not go through comes back with what was typed, but for the password: alone to
// htmx, in its page to everyone else.
func TestFormsComeBackWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	user := h.browser().signUp(email)
	flow, forgetful := h.browser(), h.browser()
	flow.want(flow.post("/sign-up", "name", "Ada", "email", "new@example.com", "password", password), 303, "/verify")
	forgetful.want(forgetful.post("/forgot", "email", email), 303, "/reset")
	for name, form := range map[string]struct {
		b     *browser
		path  string
		pairs []string
		kept  []string
	}{
		"sign-in":             {h.browser(), "/sign-in", []string{"email", email, "password", typedPassword, "next", "/profile"}, []string{email, "/profile"}},
		"sign-in, no address": {h.browser(), "/sign-in", []string{"email", "Ada at home", "password", typedPassword, "remember", "on"}, []string{"Ada at home", "checked"}},
		"sign-up":             {h.browser(), "/sign-up", []string{"name", "Ada King", "email", "ada@", "password", typedPassword, "next", "/profile"}, []string{"Ada King", "ada@", "/profile"}},
		"sign-up, weak":       {h.browser(), "/sign-up", []string{"name", "Ada King", "email", "ada@example.com", "password", "short"}, []string{"Ada King", "ada@example.com"}},
		"forgot":              {h.browser(), "/forgot", []string{"email", "ada@", "next", "/profile"}, []string{"ada@", "/profile"}},
		"verify":              {flow, "/verify", []string{"code", "abc"}, []string{"new@example.com"}},
		"reset":               {forgetful, "/reset", []string{"code", "000000", "password", "short"}, []string{email, `value="000000"`}},
		"details":             {user, "/profile", []string{"section", "details", "name", "Ada King", "phone", "12ab"}, []string{"Ada King", "12ab"}},
		"details, no name":    {user, "/profile", []string{"section", "details", "name", " ", "phone", "+44 20 7946 0000"}, []string{"+44 20 7946 0000"}},
		"password":            {user, "/profile", []string{"section", "password", "current", typedPassword, "password", typedPassword}, nil},
		"email":               {user, "/profile", []string{"section", "email", "email", "ada@"}, []string{"ada@"}},
		"confirm":             {user, "/confirm", []string{"password", typedPassword, "next", "/profile#email-section"}, []string{"/profile#email-section"}},
		"delete":              {user, "/profile", []string{"section", "delete", "password", typedPassword}, nil},
	} {
		for _, htmx := range []bool{false, true} {
			form.b.htmx = htmx
			got := form.b.post(form.path, form.pairs...)
			whole := strings.Contains(got.body, "<html")
			if got.status != 422 || whole == htmx || !strings.Contains(got.body, "Error:") && !strings.Contains(got.body, `role="alert"`) {
				t.Errorf("%s, htmx %t: %d, a whole page: %t\n%s", name, htmx, got.status, whole, text(got.body))
			}
			for _, value := range form.kept {
				if !strings.Contains(got.body, value) {
					t.Errorf("%s, htmx %t: %q is lost", name, htmx, value)
				}
			}
			if strings.Contains(got.body, typedPassword) || strings.Contains(got.body, `value="short"`) {
				t.Errorf("%s, htmx %t: the page shows a password", name, htmx)
			}
			if got.header.Get("Vary") != "HX-Request" {
				t.Errorf("%s: Vary is %q", name, got.header.Get("Vary"))
			}
		}
		form.b.htmx = false
	}
}

// led fails the test unless htmx is told where to go, and is given nothing to follow by itself.
func led(t *testing.T, what string, got answer, to string) {
	t.Helper()
	if got.header.Get("HX-Redirect") != to || got.to() != "" || got.status/100 == 3 || strings.Contains(got.body, "<") {
		t.Errorf("%s: %d, HX-Redirect %q, Location %q; want HX-Redirect %q", what, got.status, got.header.Get("HX-Redirect"), got.to(), to)
	}
}

func TestHtmxIsLedByHeader(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	b := h.browser()
	b.htmx = true
	led(t, "a guest reads", b.get("/dashboard"), "/sign-in?next=%2Fdashboard")
	led(t, "a guest writes", b.post("/profile", "section", "details"), "/sign-in?next=%2Fprofile")
	led(t, "sign-up", b.post("/sign-up", "name", "Ada", "email", email, "password", password, "next", "/profile"), "/verify")
	led(t, "verify", b.post("/verify", "code", h.code(email)), "/profile")
	led(t, "sign-in again", b.post("/sign-in", "email", email, "password", password), "/dashboard")
	led(t, "a guests' page", b.get("/sign-in?next=/profile"), "/profile")
	copied := b.copy()
	copied.htmx = true
	led(t, "sign-out", b.post("/auth/sign-out"), "/sign-in?notice=signed-out")
	led(t, "an ended session", copied.get("/dashboard"), "/sign-in?notice=ended&next=%2Fdashboard")
	led(t, "forgot", b.post("/forgot", "email", email), "/reset")
	led(t, "reset", b.post("/reset", "code", h.code(email), "password", "another way to the gatehouse"), "/sign-in?notice=reset&next=%2Fdashboard")
}

// The element that refreshes in the background learns where to go when the session is over.
func TestRefreshTellsHtmxOfTheEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser().signUp(someone())
	ended := b.copy()
	b.want(b.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	for _, htmx := range []bool{true, false} {
		for what, tab := range map[string]*browser{"ended": ended.copy(), "no cookie": h.browser()} {
			tab.htmx = htmx
			got := tab.post("/auth/refresh")
			if want := map[bool]string{true: "/sign-in?notice=ended"}[htmx]; got.status != 401 || got.header.Get("HX-Redirect") != want {
				t.Errorf("%s, htmx %t: %d, HX-Redirect %q", what, htmx, got.status, got.header.Get("HX-Redirect"))
			}
		}
	}
	if page := h.browser().get("/sign-in?notice=ended"); !strings.Contains(page.body, "Your session ended. Sign in to go on.") {
		t.Errorf("the page says no why: %s", text(page.body))
	}
	if page := h.browser().get("/sign-in?notice=Call+0900"); strings.Contains(page.body, "0900") {
		t.Error("anyone can put a sentence on our page")
	}
}

// A form that htmx sends after the access token ran out works as ever, and brings the next pair.
func TestHtmxPostAfterExpiry(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		b.htmx = true
		old := b.cookies()["refresh"]
		h.clock.advance(11 * time.Minute)
		got := b.do(http.MethodPost, "/profile", map[string][]string{"section": {"details"}, "name": {"Grace Hopper"}})
		if got.status != 200 || !strings.Contains(got.body, "Grace Hopper") || strings.Contains(got.body, "<html") || b.cookies()["refresh"] == old {
			t.Errorf("%d %s", got.status, text(got.body))
		}
	})
}

// Every signed-in page asks for the next pair in time, and guests' pages do not.
func TestSignedInPagesRefreshInTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ACCESS_TTL=5m")
	b := h.browser().signUp(someone())
	for _, path := range []string{"/", "/dashboard", "/profile", "/profile?section=delete", "/confirm"} {
		if page := b.get(path).body; !strings.Contains(page, `hx-post="/auth/refresh" hx-trigger="every 240s, wake"`) {
			t.Errorf("%s does not refresh", path)
		}
	}
	for _, path := range guestPages {
		if strings.Contains(h.browser().get(path).body, "/auth/refresh") {
			t.Errorf("%s refreshes for a guest", path)
		}
	}
}
