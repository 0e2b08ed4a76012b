package main

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

	"gatehouse/models"
)

// A few packed zeros would be gigabytes of form.
func TestPackedBodiesAreRefused(t *testing.T) {
	h := newHouse(t)
	var body bytes.Buffer
	packed, _ := gzip.NewWriterLevel(&body, gzip.BestSpeed)
	_, _ = io.WriteString(packed, "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n")
	for range 10 {
		_, _ = packed.Write(make([]byte, 1<<20))
	}
	_, _ = io.WriteString(packed, "\r\n--x--\r\n")
	_ = packed.Close()
	b := h.browser()
	request := b.request(http.MethodPost, "/sign-in", nil)
	request.Body, request.ContentLength = io.NopCloser(&body), int64(body.Len())
	request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	request.Header.Set("Content-Encoding", "gzip")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := b.send(request)
	runtime.ReadMemStats(&after)
	if err != nil || got.status != 415 || after.TotalAlloc-before.TotalAlloc > 64<<20 {
		t.Errorf("%d %v, and %d MB were taken", got.status, err, (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

// What a browser calls itself is a stranger's text. It must not spoil the list in which the owner finds
// that stranger, nor keep the sign-in out of it.
func TestOddBrowserNames(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		owner := h.browser().signUp(email)
		for i, agent := range []string{"a\tb", "\t", "Ev\xff\xfeil/1.0", "Mozilla/5.0 (X\xff; Linux)", "F\xffoo\tbar/1.0", ""} {
			thief := h.browser()
			thief.agent = agent
			thief.signIn(email)
			thief.want(thief.post("/auth/refresh"), 204, "")
			if events := h.happened(owner.user(), models.EventSignedIn); events != i+1 {
				t.Errorf("%q: %d sign-ins in the owner's activity, want %d", agent, events, i+1)
			}
			if page := owner.get("/dashboard"); page.status != 200 || strings.Contains(page.body, "cannot be read") {
				t.Errorf("%q: the owner's list: %d %s", agent, page.status, text(page.body))
			}
			live, err := h.Sessions.List(t.Context(), owner.user())
			if err != nil || !slices.ContainsFunc(live, func(s models.Session) bool { return s.ID == thief.session() && s.IP == thief.from }) {
				t.Errorf("%q: not in the list by its address %s: %v %v", agent, thief.from, live, err)
			}
			owner.want(owner.post("/profile", "section", "sessions", "action", "end", "session", thief.session()), 303, "/profile?notice=sessions")
			thief.refuses("ended by the owner")
		}
	}, "LIMITS=off")
}

// Guesses by strangers keep the owner out of nothing that they can prove to be theirs.
func TestNoLockoutByStrangers(t *testing.T) {
	t.Parallel()
	t.Run("a reset makes no stranger of its owner", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		email := someone()
		h.browser().signUp(email)
		exhausted(h, email)
		owner := h.browser()
		owner.want(owner.post("/forgot", "email", email), 303, "/reset")
		owner.want(owner.post("/reset", "code", h.newest(email, 1, resetSubject), "password", otherPassword), 303, "/sign-in?notice=reset&next=%2Fdashboard")
		owner.want(owner.post("/sign-in", "email", email, "password", otherPassword), 303, "/dashboard")
	})
	t.Run("mails that strangers asked for", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		email := someone()
		owner := h.browser().signUp(email)
		owner.want(owner.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		stranger := h.browser()
		for range 12 {
			stranger.from = anyAddress()
			stranger.want(stranger.post("/forgot", "email", email), 303, "/reset")
		}
		owner.want(owner.post("/forgot", "email", email), 303, "/reset")
		code := h.newest(email, 3, resetSubject)
		owner.want(owner.post("/reset", "code", code, "password", otherPassword), 303, "/sign-in?notice=reset&next=%2Fdashboard")
	})
	t.Run("mistakes in a form send no mail", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		b, email := h.browser(), someone()
		for range 11 {
			if got := b.post("/sign-up", "name", "Ada", "email", email, "password", "short"); got.status != 422 {
				t.Fatal(got.status)
			}
		}
		b.want(b.post("/sign-up", "name", "Ada", "email", email, "password", password), 303, "/verify")
	})
	t.Run("clients of a proxy that names ports", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		b := h.browser()
		for i := range 61 {
			b.from = fmt.Sprintf("203.0.113.%d:4711", i+1)
			if got := b.post("/sign-in", "email", "nobody"); got.status != 422 {
				t.Fatalf("client %d, its first try: %d", i+1, got.status)
			}
		}
	})
}

// What answers a request of the old session must not take the new session's cookies along.
func TestAnswersToTheOldSessionTakeNothingAway(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		h.clock.advance(time.Minute)
		old := b.copy()
		b.want(b.post("/confirm", "password", password, "next", "/profile"), 303, "/profile")
		for _, late := range []answer{old.get("/dashboard"), old.post("/confirm", "password", password), old.post("/profile", "section", "details")} {
			if len(late.header["Set-Cookie"]) > 0 {
				t.Errorf("%d to %q: %q", late.status, late.to(), late.header["Set-Cookie"])
			}
		}
		if got := old.post("/auth/refresh"); got.status != 401 || len(got.header["Set-Cookie"]) != 2 {
			t.Errorf("asked for a refresh, the ended session keeps its cookies: %d", got.status)
		}
	})
}

func TestSecondPressOfThePasswordForm(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		form := []string{"section", "password", "current", password, "password", otherPassword}
		b.want(b.post("/profile", form...), 303, "/profile?notice=password")
		b.want(b.post("/profile", form...), 303, "/profile?notice=password")
		if got := b.post("/profile", "section", "password", "current", password, "password", "a third way to the gatehouse"); got.status != 422 {
			t.Errorf("a wrong password: %d", got.status)
		}
	})
}

// Addresses are in logs and histories.
func TestNoPasswordFromTheAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	h.browser().signUp(email)
	b := h.browser()
	if got := b.post("/sign-in?" + url.Values{"email": {email}, "password": {password}}.Encode()); got.status != 422 || b.signedIn() {
		t.Errorf("credentials in the address: %d", got.status)
	}
}

func TestGzipOnlyWhereItIsTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, plain := h.browser(), &http.Transport{DisableCompression: true} // which would ask for gzip by itself
	defer plain.CloseIdleConnections()
	page := b.get("/").body
	path := page[strings.Index(page, "/static/app."):]
	path = path[:strings.IndexByte(path, '"')]
	for accepted, want := range map[string]string{"gzip, br": "gzip", "gzip;q=0": "", "identity, gzip;q=0.0": "", "x-not-gzip": "", "": ""} {
		request := b.request(http.MethodGet, path, nil)
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
