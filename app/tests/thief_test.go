package tests

import (
	"net/url"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

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

// A link elsewhere signs no guest in by way of a session they have at a provider (login CSRF): it shows the
// page with the button.
func TestAnotherSiteSignsNobodyIn(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	for _, site := range []string{"cross-site", "same-site"} {
		b := h.Browser()
		request := b.Request("GET", "/auth/google?next=%2Fprofile", nil)
		request.Header.Set("Sec-Fetch-Site", site)
		got, err := b.Send(request)
		if err != nil {
			t.Fatal(err)
		}
		b.Want(got, 303, "/sign-in?next=%2Fprofile")
		if b.Cookies()["oauth"] != "" {
			t.Errorf("%s began", site)
		}
	}
}

// Another session ends only after a recent sign-in: a thief's must not put the owner out (step-up).
func TestEndingOthersNeedsARecentSignIn(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		here, there := owned(h)
		h.Clock.Advance(11 * time.Minute)
		confirm := "/confirm?next=%2Fprofile%23sessions-section"
		here.Want(here.Post("/profile", "section", "sessions", "action", "end-others"), 303, confirm)
		here.Want(here.Post("/profile", "section", "sessions", "action", "end", "session", there.Session()), 303, confirm)
		if !there.SignedIn() {
			t.Fatal("ended")
		}
		here.Want(here.Post("/confirm", "password", testkit.Password, "next", "/profile"), 303, "/profile")
		here.Want(here.Post("/profile", "section", "sessions", "action", "end-others"), 303, "/profile?notice=sessions")
		there.Refuses("ended after a confirmation")
	})
}

// Two houses under one secret do not take each other's tokens, and another issuer's person of the same
// number is another person.
func TestHousesAndIssuersAreTold(t *testing.T) {
	t.Parallel()
	one, other := testkit.NewHouse(t), testkit.NewHouse(t)
	b, elsewhere := one.Browser().SignUp(testkit.Someone()), other.Browser()
	elsewhere.Keep("access", b.Cookies()["access"])
	if got := elsewhere.Get("/auth/session"); got.Status != 401 {
		t.Errorf("a token of another house: %d", got.Status)
	}
	h, s := testkit.NewEmulated(t)
	person := h.Browser().By("oidc", "nobody").User()
	again, err := h.DB.Identities.Find(t.Context(), "oidc", subjectOf(s, "oidc", "nobody"))
	if err != nil || again.UserID != person {
		t.Errorf("kept as %+v, %v", again, err)
	}
}
