package tests

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// A few packed zeros would be gigabytes of form.
func TestPackedBodiesAreRefused(t *testing.T) {
	h := testkit.NewHouse(t)
	var body bytes.Buffer
	packed, _ := gzip.NewWriterLevel(&body, gzip.BestSpeed)
	_, _ = io.WriteString(packed, "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n")
	for range 10 {
		_, _ = packed.Write(make([]byte, 1<<20))
	}
	_, _ = io.WriteString(packed, "\r\n--x--\r\n")
	_ = packed.Close()
	b := h.Browser()
	request := b.Request(http.MethodPost, "/sign-in", nil)
	request.Body, request.ContentLength = io.NopCloser(&body), int64(body.Len())
	request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	request.Header.Set("Content-Encoding", "gzip")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := b.Send(request)
	runtime.ReadMemStats(&after)
	if err != nil || got.Status != 415 || after.TotalAlloc-before.TotalAlloc > 64<<20 {
		t.Errorf("%d %v, and %d MB were taken", got.Status, err, (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

// What a browser calls itself is a stranger's text. It must not spoil the list in which the owner finds
// that stranger, nor keep the sign-in out of it.
func TestOddBrowserNames(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		owner := h.Browser().SignUp(email)
		for i, agent := range []string{"a\tb", "\t", "Ev\xff\xfeil/1.0", "Mozilla/5.0 (X\xff; Linux)", "F\xffoo\tbar/1.0",
			""} {
			thief := h.Browser()
			thief.Agent = agent
			thief.SignIn(email)
			thief.Want(thief.Post("/auth/refresh"), 204, "")
			if events := h.Happened(owner.User(), models.EventSignedIn); events != i+1 {
				t.Errorf("%q: %d sign-ins in the owner's activity, want %d", agent, events, i+1)
			}
			if page := owner.Get("/dashboard"); page.Status != 200 || strings.Contains(page.Body, "cannot be read") {
				t.Errorf("%q: the owner's list: %d %s", agent, page.Status, testkit.Text(page.Body))
			}
			live, err := h.Sessions.List(t.Context(), owner.User())
			if err != nil || !slices.ContainsFunc(live, func(s models.Session) bool {
				return s.ID == thief.Session() &&
					s.IP == thief.From
			}) {
				t.Errorf("%q: not in the list by its address %s: %v %v", agent, thief.From, live, err)
			}
			owner.Want(owner.Post("/profile", "section", "sessions", "action", "end", "session", thief.Session()),
				303, "/profile?notice=sessions")
			thief.Refuses("ended by the owner")
		}
	}, "LIMITS=off")
}

// Guesses by strangers keep the owner out of nothing that they can prove to be theirs.
func TestNoLockoutByStrangers(t *testing.T) {
	t.Parallel()
	t.Run("a reset makes no stranger of its owner", func(t *testing.T) {
		t.Parallel()
		h := testkit.NewHouse(t)
		email := testkit.Someone()
		h.Browser().SignUp(email)
		exhausted(h, email)
		owner := h.Browser()
		owner.Want(owner.Post("/forgot", "email", email), 303, "/reset")
		owner.Want(owner.Post("/reset", "code", newestCode(h, email, 1, resetSubject), "password", otherPassword), 303,
			"/sign-in?notice=reset&next=%2Fdashboard")
		owner.Want(owner.Post("/sign-in", "email", email, "password", otherPassword), 303, "/dashboard")
	})
	t.Run("mails that strangers asked for", func(t *testing.T) {
		t.Parallel()
		h := testkit.NewHouse(t)
		email := testkit.Someone()
		owner := h.Browser().SignUp(email)
		owner.Want(owner.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		stranger := h.Browser()
		for range 12 {
			stranger.From = testkit.AnyAddress()
			stranger.Want(stranger.Post("/forgot", "email", email), 303, "/reset")
		}
		owner.Want(owner.Post("/forgot", "email", email), 303, "/reset")
		code := newestCode(h, email, 3, resetSubject)
		owner.Want(owner.Post("/reset", "code", code, "password", otherPassword),
			303, "/sign-in?notice=reset&next=%2Fdashboard")
	})
	t.Run("mistakes in a form send no mail", func(t *testing.T) {
		t.Parallel()
		h := testkit.NewHouse(t)
		b, email := h.Browser(), testkit.Someone()
		for range 11 {
			if got := b.Post("/sign-up", "name", "Ada", "email", email, "password", "short"); got.Status != 422 {
				t.Fatal(got.Status)
			}
		}
		b.Want(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password), 303, "/verify")
	})
	t.Run("clients of a proxy that names ports", func(t *testing.T) {
		t.Parallel()
		h := testkit.NewHouse(t)
		b := h.Browser()
		for i := range 61 {
			b.From = fmt.Sprintf("203.0.113.%d:4711", i+1)
			if got := b.Post("/sign-in", "email", "nobody"); got.Status != 422 {
				t.Fatalf("client %d, its first try: %d", i+1, got.Status)
			}
		}
	})
}

// What answers a request of the old session must not take the new session's cookies along.
func TestAnswersToTheOldSessionTakeNothingAway(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		h.Clock.Advance(time.Minute)
		old := b.Copy()
		b.Want(b.Post("/confirm", "password", testkit.Password, "next", "/profile"), 303, "/profile")
		for _, late := range []testkit.Answer{old.Get("/dashboard"), old.Post("/confirm", "password", testkit.Password),
			old.Post("/profile", "section", "details")} {
			if len(late.Header["Set-Cookie"]) > 0 {
				t.Errorf("%d to %q: %q", late.Status, late.To(), late.Header["Set-Cookie"])
			}
		}
		if got := old.Post("/auth/refresh"); got.Status != 401 || len(got.Header["Set-Cookie"]) != 2 {
			t.Errorf("asked for a refresh, the ended session keeps its cookies: %d", got.Status)
		}
	})
}

func TestSecondPressOfThePasswordForm(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		form := []string{"section", "password", "current", testkit.Password, "password", otherPassword}
		b.Want(b.Post("/profile", form...), 303, "/profile?notice=password")
		b.Want(b.Post("/profile", form...), 303, "/profile?notice=password")
		if got := b.Post("/profile", "section", "password", "current", testkit.Password, "password",
			"a third way to the gatehouse"); got.Status != 422 {
			t.Errorf("a wrong password: %d", got.Status)
		}
	})
}

// Addresses are in logs and histories.
func TestNoPasswordFromTheAddress(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	h.Browser().SignUp(email)
	b := h.Browser()
	if got := b.Post("/sign-in?" + url.Values{"email": {email},
		"password": {testkit.Password}}.Encode()); got.Status != 422 || b.SignedIn() {
		t.Errorf("credentials in the address: %d", got.Status)
	}
}

func TestGzipOnlyWhereItIsTaken(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b, plain := h.Browser(), &http.Transport{DisableCompression: true} // which would ask for gzip by itself
	defer plain.CloseIdleConnections()
	page := b.Get("/").Body
	path := page[strings.Index(page, "/static/app."):]
	path = path[:strings.IndexByte(path, '"')]
	for accepted, want := range map[string]string{"gzip, br": "gzip", "gzip;q=0": "", "identity, gzip;q=0.0": "",
		"x-not-gzip": "", "": ""} {
		request := b.Request(http.MethodGet, path, nil)
		if accepted != "" {
			request.Header.Set("Accept-Encoding", accepted)
		}
		got, err := plain.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode != 200 || got.Header.Get("Content-Encoding") != want {
			t.Errorf("%q: %d, sent as %q", accepted, got.StatusCode, got.Header.Get("Content-Encoding"))
		}
	}
}
