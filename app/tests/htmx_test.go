package tests

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

const typedPassword = "Zq-typed-and-never-shown-again"

// A form that does not go through comes back with what was typed, but for the password: alone to
// htmx, in its page to everyone else.
func TestFormsComeBackWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	user := h.Browser().SignUp(email)
	flow, forgetful := h.Browser(), h.Browser()
	flow.Want(flow.Post("/sign-up", "name", "Ada", "email", "new@example.com", "password", testkit.Password), 303,
		"/verify")
	forgetful.Want(forgetful.Post("/forgot", "email", email), 303, "/reset")
	for name, form := range map[string]struct {
		b     *testkit.Browser
		path  string
		pairs []string
		kept  []string
	}{
		"sign-in": {h.Browser(), "/sign-in",
			[]string{"email", email, "password", typedPassword, "next", "/profile"}, []string{email, "/profile"}},
		"sign-in, no address": {h.Browser(), "/sign-in",
			[]string{"email", "Ada at home", "password", typedPassword, "remember", "on"}, []string{"Ada at home", "checked"}},
		"sign-up": {h.Browser(), "/sign-up",
			[]string{"name", "Ada King", "email", "ada@", "password", typedPassword, "next", "/profile"},
			[]string{"Ada King", "ada@", "/profile"}},
		"sign-up, weak": {h.Browser(), "/sign-up", []string{"name", "Ada King", "email", "ada@example.com", "password",
			"short"}, []string{"Ada King", "ada@example.com"}},
		"forgot": {h.Browser(), "/forgot", []string{"email", "ada@", "next", "/profile"},
			[]string{"ada@", "/profile"}},
		"verify": {flow, "/verify", []string{"code", "abc"}, []string{"new@example.com"}},
		"reset": {forgetful, "/reset", []string{"code", "000000", "password", "short"},
			[]string{email, `value="000000"`}},
		"details": {user, "/profile", []string{"section", "details", "name", "Ada King", "phone", "12ab"},
			[]string{"Ada King", "12ab"}},
		"details, no name": {user, "/profile", []string{"section", "details", "name", " ", "phone", "+44 20 7946 0000"},
			[]string{"+44 20 7946 0000"}},
		"password": {user, "/profile", []string{"section", "password", "current", typedPassword, "password",
			typedPassword}, nil},
		"email": {user, "/profile", []string{"section", "email", "email", "ada@"}, []string{"ada@"}},
		"confirm": {user, "/confirm", []string{"password", typedPassword, "next", "/profile#email-section"},
			[]string{"/profile#email-section"}},
		"delete": {user, "/profile", []string{"section", "delete", "password", typedPassword}, nil},
	} {
		for _, htmx := range []bool{false, true} {
			form.b.HTMX = htmx
			got := form.b.Post(form.path, form.pairs...)
			whole := strings.Contains(got.Body, "<html")
			if got.Status != 422 || whole == htmx ||
				!strings.Contains(got.Body, "Error:") && !strings.Contains(got.Body, `role="alert"`) {
				t.Errorf("%s, htmx %t: %d, a whole page: %t\n%s", name, htmx, got.Status, whole, testkit.Text(got.Body))
			}
			for _, value := range form.kept {
				if !strings.Contains(got.Body, value) {
					t.Errorf("%s, htmx %t: %q is lost", name, htmx, value)
				}
			}
			if strings.Contains(got.Body, typedPassword) || strings.Contains(got.Body, `value="short"`) {
				t.Errorf("%s, htmx %t: the page shows a password", name, htmx)
			}
			if !strings.HasPrefix(got.Header.Get("Vary"), "HX-Request") { // guests get pages compressed, too
				t.Errorf("%s: Vary is %q", name, got.Header.Get("Vary"))
			}
		}
		form.b.HTMX = false
	}
}

// led fails the test unless htmx is told where to go, and is given nothing to follow by itself.
func led(t *testing.T, what string, got testkit.Answer, to string) {
	t.Helper()
	if got.Header.Get("HX-Redirect") != to || got.To() != "" || got.Status/100 == 3 || strings.Contains(got.Body, "<") {
		t.Errorf("%s: %d, HX-Redirect %q, Location %q; want HX-Redirect %q", what, got.Status, got.Header.Get("HX-Redirect"),
			got.To(), to)
	}
}

func TestHtmxIsLedByHeader(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	b := h.Browser()
	b.HTMX = true
	led(t, "a guest reads", b.Get("/dashboard"), "/sign-in?next=%2Fdashboard")
	led(t, "a guest writes", b.Post("/profile", "section", "details"), "/sign-in?next=%2Fprofile")
	led(t, "sign-up", b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password, "next", "/profile"),
		"/verify")
	led(t, "verify", b.Post("/verify", "code", h.Code(email)), "/profile")
	led(t, "sign-in again", b.Post("/sign-in", "email", email, "password", testkit.Password), "/dashboard")
	led(t, "a guests' page", b.Get("/sign-in?next=/profile"), "/profile")
	copied := b.Copy()
	copied.HTMX = true
	led(t, "sign-out", b.Post("/auth/sign-out"), "/sign-in?notice=signed-out")
	led(t, "an ended session", copied.Get("/dashboard"), "/sign-in?notice=ended&next=%2Fdashboard")
	led(t, "forgot", b.Post("/forgot", "email", email), "/reset")
	led(t, "reset", b.Post("/reset", "code", h.Code(email), "password", "another way to the gatehouse"),
		"/sign-in?notice=reset&next=%2Fdashboard")
}

// The element that refreshes in the background learns where to go when the session is over.
func TestRefreshTellsHtmxOfTheEnd(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser().SignUp(testkit.Someone())
	ended := b.Copy()
	b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	for _, htmx := range []bool{true, false} {
		for what, tab := range map[string]*testkit.Browser{"ended": ended.Copy(), "no cookie": h.Browser()} {
			tab.HTMX = htmx
			got := tab.Post("/auth/refresh")
			if want := map[bool]string{true: "/sign-in?notice=ended"}[htmx]; got.Status != 401 ||
				got.Header.Get("HX-Redirect") != want {
				t.Errorf("%s, htmx %t: %d, HX-Redirect %q", what, htmx, got.Status, got.Header.Get("HX-Redirect"))
			}
		}
	}
	if page := h.Browser().Get("/sign-in?notice=ended"); !strings.Contains(page.Body,
		"Your session ended. Sign in to go on.") {
		t.Errorf("the page says no why: %s", testkit.Text(page.Body))
	}
	if page := h.Browser().Get("/sign-in?notice=Call+0900"); strings.Contains(page.Body, "0900") {
		t.Error("anyone can put a sentence on our page")
	}
}

// A form that htmx sends after the access token ran out works as ever, and brings the next pair.
func TestHtmxPostAfterExpiry(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		b.HTMX = true
		old := b.Cookies()["refresh"]
		h.Clock.Advance(11 * time.Minute)
		got := b.Do(http.MethodPost, "/profile", map[string][]string{"section": {"details"}, "name": {"Grace Hopper"}})
		if got.Status != 200 || !strings.Contains(got.Body, "Grace Hopper") || strings.Contains(got.Body, "<html") ||
			b.Cookies()["refresh"] == old {
			t.Errorf("%d %s", got.Status, testkit.Text(got.Body))
		}
	})
}

// Every signed-in page asks for the next pair in time, and guests' pages do not.
func TestSignedInPagesRefreshInTime(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "ACCESS_TTL=5m")
	b := h.Browser().SignUp(testkit.Someone())
	for _, path := range []string{"/", "/dashboard", "/profile", "/profile?section=delete", "/confirm"} {
		if page := b.Get(path).Body; !strings.Contains(page, `hx-post="/auth/refresh" hx-trigger="every 240s, wake"`) {
			t.Errorf("%s does not refresh", path)
		}
	}
	for _, path := range guestPages {
		if strings.Contains(h.Browser().Get(path).Body, "/auth/refresh") {
			t.Errorf("%s refreshes for a guest", path)
		}
	}
}
