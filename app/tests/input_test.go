package tests

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
	"gatehouse/app/tests/testkit/servers"
)

// everyDatabase is testkit.EveryStore, and Postgres alone: it takes less text than the others do.
func everyDatabase(t *testing.T, walk func(t *testing.T, h *testkit.House), settings ...string) {
	t.Helper()
	testkit.EveryStore(t, walk, settings...)
	t.Run("postgres alone", func(t *testing.T) {
		t.Parallel()
		walk(t, testkit.NewHouse(t, append(slices.Clone(settings), "DATABASE_URL="+servers.Postgres(t))...))
	})
}

var junk = map[string]string{
	"nothing": "", "a NUL": "a\x00b", "a NUL in an address": "a\x00b@example.com",
	"an address with a line": "a@example.com\r\nBcc: b@example.com",
	"no UTF-8":               "\xff\xfe\xfd", "no UTF-8 in an address": "a\xff@example.com",
	"long":           strings.Repeat("a", 100_000),
	"a long address": strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 200) + "example.com", "a quote": "' OR 1=1 --",
	"a tag": `"><script>alert(1)</script>`, "a turn": "\u202egnp.exe", "half a pair": "\xed\xa0\x80",
	"marks": strings.Repeat("e\u0301", 3000),
}

var fields = []string{"name", "email", "password", "current", "code", "next", "remember", "phone", "action", "session",
	"provider", "subject", "confirm", "section", "state", "error", "user"}

// Whatever is posted, to every route of the app, is answered by a page of 4xx or a step of the flow;
// never by a 5xx, and never with a script in it.
func TestNoInputIsAnError(t *testing.T) {
	t.Parallel()
	everyDatabase(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		user, flow, forgetful := h.Browser().SignUp(email), pending(h, testkit.Someone()), h.Browser()
		forgetful.Want(forgetful.Post("/forgot", "email", email), 303, "/reset")
		who := map[string]*testkit.Browser{"/profile": user, "/confirm": user, "/verify": flow, "/reset": forgetful}
		for what, value := range junk {
			form := url.Values{}
			for _, field := range fields {
				form.Set(field, value)
			}
			for _, section := range []string{"details", "picture", "email", "password", "identities", "sessions", "delete",
				value} {
				form.Set("section", section)
				sensible(t, "section "+section+" with "+what, user.Do(http.MethodPost, "/profile", form))
			}
			// One junk field among good ones gets further than a form of nothing else.
			for _, field := range []string{"name", "phone"} {
				good := url.Values{"section": {"details"}, "name": {"Ada"}, "phone": {""}}
				good.Set(field, value)
				sensible(t, "a profile whose "+field+" is "+what, user.Do(http.MethodPost, "/profile", good))
			}
			for path, good := range map[string]url.Values{
				"/sign-up": {"name": {value}, "email": {testkit.Someone()}, "password": {testkit.Password}},
				"/sign-in": {"email": {value + "@example.com"}, "password": {testkit.Password}},
				"/forgot":  {"email": {value + "@example.com"}},
			} {
				sensible(t, path+" with one field of "+what, h.Browser().Do(http.MethodPost, path, good))
			}
			for _, route := range h.Web.GetRoutes(true) {
				if route.Method != http.MethodPost || route.Path == "/profile" || route.Path == "/auth/sign-out" ||
					route.Path == "/auth/refresh" {
					continue
				}
				b := who[route.Path]
				if b == nil {
					b = h.Browser()
				}
				sensible(t, route.Path+" with "+what, b.Do(http.MethodPost, route.Path, form))
			}
		}
		if !user.SignedIn() {
			t.Error("junk signed someone out")
		}
	}, "LIMITS=off")
}

// sensible fails the test unless an answer is one that a person can use.
func sensible(t *testing.T, what string, got testkit.Answer) {
	t.Helper()
	if got.Status >= 500 || got.Status == 200 && strings.Contains(got.Body, "Something went wrong") {
		t.Errorf("%s: %d %s", what, got.Status, testkit.Text(got.Body))
	}
	if strings.Contains(got.Body, "<script>alert") {
		t.Errorf("%s: the page carries a script", what)
	}
	if got.Status >= 400 && !strings.Contains(got.Body, "<h") {
		t.Errorf("%s: %d is no page: %q", what, got.Status, got.Body[:min(100, len(got.Body))])
	}
}

// What is no form at all, and addresses and cookies that nobody sends by accident.
func TestNoRequestIsAnError(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	user := h.Browser().SignUp(testkit.Someone())
	for _, kind := range []string{"multipart/form-data", "multipart/form-data; boundary=x", "application/json",
		"application/x-www-form-urlencoded; charset=utf-16", "text/plain", "\xff", ""} {
		for _, body := range []string{"", "--x\r\nContent-Disposition: form-data; name=\"section\"\r\n\r\npicture\r\n",
			"{}", "section=picture&&&=&%", "section=%zz"} {
			for _, path := range []string{"/profile", "/sign-in", "/verify"} {
				request := user.Request(http.MethodPost, path, nil)
				request.Body, request.ContentLength = http.NoBody, 0
				if body != "" {
					request, _ = http.NewRequest(http.MethodPost, h.URL+path, strings.NewReader(body))
				}
				request.Header.Set("Content-Type", kind)
				got, err := user.Send(request)
				if err != nil {
					continue // net/http will not send it
				}
				sensible(t, path+" as "+kind, got)
			}
		}
	}
	for _, name := range []string{"access", "refresh", "flow", "reset", "oauth", "device"} {
		for _, value := range []string{"x", "....", strings.Repeat("A", 3000), "%00", "eyJhbGciOiJub25lIn0..", "\"quoted\"",
			"ünicode"} {
			for _, path := range []string{"/", "/dashboard", "/verify", "/reset", "/auth/session",
				"/auth/google/callback?code=a&state=b", "/sign-in"} {
				b := h.Browser()
				request := b.Request(http.MethodGet, path, nil)
				request.Header.Set("Cookie", name+"="+value)
				got, err := b.Send(request)
				if err != nil || got.Status >= 500 {
					t.Errorf("%s with the cookie %s=%q: %d %v", path, name, value, got.Status, err)
				}
				if strings.Contains(path, "/callback") && got.To() != testkit.CallbackError+"state&provider=google" {
					t.Errorf("%s with the cookie %s=%q leads to %q", path, name, value, got.To())
				}
			}
		}
	}
}

// Refusals are pages with one way on, and with the id under which the log knows them.
func TestRefusalsArePages(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	user := h.Browser().SignUp(testkit.Someone())
	for what, refused := range map[string]struct {
		got    testkit.Answer
		status int
		says   string
	}{
		"unknown path":     {h.Browser().Get("/nothing/here"), 404, "There is no page at this address."},
		"unknown provider": {h.Browser().Get("/auth/nobody"), 404, "There is no page at this address."},
		"no such file":     {h.Browser().Get("/static/nothing.css"), 404, "There is no page at this address."},
		"wrong method": {h.Browser().Do(http.MethodPut, "/sign-in", url.Values{}), 405,
			"does not take that kind of request"},
		"write to a page": {user.Post("/dashboard"), 405, "does not take that kind of request"},
		"delete":          {user.Do(http.MethodDelete, "/profile", nil), 405, "does not take that kind of request"},
		"unknown section": {user.Post("/profile", "section", "nothing"), 400, "not one that this page understands"},
		"huge body":       {h.Browser().Announces("/sign-in", 4<<20), 413, "more than this form takes"},
		"huge address": {h.Browser().Get("/sign-in?next=" + strings.Repeat("a", 30<<10)), 431,
			"not one that this page understands"},
		"no picture": {user.Get("/profile/picture"), 404, "There is no page at this address."},
	} {
		id := refused.got.Header.Get("X-Request-Id")
		if refused.got.Status != refused.status || !strings.Contains(refused.got.Body, refused.says) || id == "" ||
			!strings.Contains(refused.got.Body, id) {
			t.Errorf("%s: %d, id %q: %s", what, refused.got.Status, id, testkit.Text(refused.got.Body))
		}
		if !strings.Contains(h.Logs.String(), id) {
			t.Errorf("%s: the log does not know %s", what, id)
		}
	}
}

// Whoever is signed in is so on every page, also where there is none.
func TestErrorsKnowWhoAsks(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser().SignUp(testkit.Someone())
	for _, path := range []string{"/nope", "/dev/mail", "/auth/error"} {
		if page := b.Get(path); !strings.Contains(page.Body, `action="/auth/sign-out"`) {
			t.Errorf("%s: %d, and no way out", path, page.Status)
		}
	}
	if page := h.Browser().Get("/nope"); strings.Contains(page.Body, `action="/auth/sign-out"`) {
		t.Error("a guest is offered to sign out")
	}
}
