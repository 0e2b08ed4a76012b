package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// cookie is what the tab's browser holds, HttpOnly or not.
func (p *tab) cookie(name string) string {
	p.t.Helper()
	found, err := chromedp.Call(p.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{p.url}})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, cookie := range found.Cookies {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	p.t.Fatalf("no cookie %s", name)
	return ""
}

// The page asks /auth/session once after each refresh, so that an idle tab acknowledges the successor it got.
// A thief who rides along one step behind is caught at the first trade after the grace (reuse detection).
func TestThiefBesideAnIdleTabIsCaught(t *testing.T) {
	t.Parallel()
	h := newHouse(t, localhost)
	email := someone()
	p := h.tab().signUp(email)
	thief := h.browser()
	thief.keep("refresh", p.cookie("refresh"))
	h.clock.advance(11 * time.Minute)
	p.wake()
	eventually(t, "the tab renewed its session", func() bool { return h.served("POST", "/auth/refresh", 204) == 1 })
	eventually(t, "and asked who it is", func() bool { return h.served("GET", "/auth/session", 200) == 1 })
	user, err := h.DB.Users.ByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	h.confirmed(user.ID)
	h.clock.advance(31 * time.Second)
	if got := thief.post("/auth/refresh"); got.status != 401 {
		t.Errorf("the thief, one step behind: %d", got.status)
	}
	h.mailAbout(email, reuseSubject)
	p.wake()
	p.at("/sign-in?notice=ended").clean()
}

// A next that leads into /auth/ would act by way of whoever signs in: it goes nowhere.
func TestNextDoesNotAct(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t)
	email := someone()
	h.browser().signUp(email)
	for _, next := range []string{"/auth/github", "/auth/google?intent=link", "/auth/github/link", "/auth", "/auth/", "/x/../auth/github", "/./auth/github",
		"/%61uth/github", "/x/%2e%2e/auth/github", "/AUTH/github", "/profile/../auth/sign-out", "/auth//github", "//auth/github",
		"/auth/x//../../github", "/x//%2e%2e/%2E%2E/auth/github", "/auth/x/../github", "/dashboard/..//auth/github"} {
		b := h.browser()
		b.want(b.post("/sign-in", "email", email, "password", password, "next", next), 303, "/dashboard")
		b.want(b.get("/sign-in?next="+url.QueryEscape(next)), 303, "/dashboard")
	}
	b := h.browser()
	b.want(b.post("/sign-in", "email", email, "password", password, "next", "/authors?x=/auth/"), 303, "/authors?x=/auth/")
}

// A link elsewhere signs no guest in by way of a session they have at a provider (login CSRF): it shows the
// page with the button.
func TestAnotherSiteSignsNobodyIn(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t)
	for _, site := range []string{"cross-site", "same-site"} {
		b := h.browser()
		request := b.request("GET", "/auth/google?next=%2Fprofile", nil)
		request.Header.Set("Sec-Fetch-Site", site)
		got, err := b.send(request)
		if err != nil {
			t.Fatal(err)
		}
		b.want(got, 303, "/sign-in?next=%2Fprofile")
		if b.cookies()["oauth"] != "" {
			t.Errorf("%s began", site)
		}
	}
}

// Another session ends only after a recent sign-in: a thief's must not put the owner out (step-up).
func TestEndingOthersNeedsARecentSignIn(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		here, there := owned(h)
		h.clock.advance(11 * time.Minute)
		confirm := "/confirm?next=%2Fprofile%23sessions-section"
		here.want(here.post("/profile", "section", "sessions", "action", "end-others"), 303, confirm)
		here.want(here.post("/profile", "section", "sessions", "action", "end", "session", there.session()), 303, confirm)
		if !there.signedIn() {
			t.Fatal("ended")
		}
		here.want(here.post("/confirm", "password", password, "next", "/profile"), 303, "/profile")
		here.want(here.post("/profile", "section", "sessions", "action", "end-others"), 303, "/profile?notice=sessions")
		there.refuses("ended after a confirmation")
	})
}

// Two houses under one secret do not take each other's tokens, and another issuer's person of the same
// number is another person.
func TestHousesAndIssuersAreTold(t *testing.T) {
	t.Parallel()
	one, other := newHouse(t), newHouse(t)
	b, elsewhere := one.browser().signUp(someone()), other.browser()
	elsewhere.keep("access", b.cookies()["access"])
	if got := elsewhere.get("/auth/session"); got.status != 401 {
		t.Errorf("a token of another house: %d", got.status)
	}
	h, s := newEmulated(t)
	person := h.browser().by("oidc", "nobody").user()
	again, err := h.DB.Identities.Find(t.Context(), "oidc", subjectOf(s, "oidc", "nobody"))
	if err != nil || again.UserID != person {
		t.Errorf("kept as %+v, %v", again, err)
	}
}
