package tests

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// The whole journey of a person with a password, without JavaScript.
func TestPasswordJourney(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b, email := h.Browser(), testkit.Someone()
		b.Want(b.Get("/profile"), 303, "/sign-in?next=%2Fprofile")
		b.Want(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password, "next", "/profile"), 303,
			"/verify")
		if page := b.Get("/verify"); page.Status != 200 || !strings.Contains(page.Body, email) {
			t.Fatalf("the page for the code: %d %s", page.Status, testkit.Text(page.Body))
		}
		code := h.Code(email)
		b.Want(b.Post("/verify", "code", code[:3]+" "+code[3:]), 303, "/profile")
		if page := b.Get("/dashboard"); page.Status != 200 || !strings.Contains(page.Body, "Ada") {
			t.Fatalf("the dashboard: %d %s", page.Status, testkit.Text(page.Body))
		}
		b.Want(b.Post("/profile", "section", "details", "name", "Ada King", "phone", "+44 20 7946 0000"), 303,
			"/profile?notice=saved")
		if page := b.Get("/profile"); !strings.Contains(page.Body, "Ada King") {
			t.Fatalf("the profile: %s", testkit.Text(page.Body))
		}
		old := b.Copy()
		b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		if len(b.Cookies()["access"]+b.Cookies()["refresh"]) > 0 || b.SignedIn() || old.SignedIn() {
			t.Fatal("signed out, and yet signed in")
		}

		b.Want(b.Post("/sign-in", "email", strings.ToUpper(email), "password", testkit.Password, "next", "/profile"),
			303, "/profile")
		forgetful := h.Browser()
		forgetful.Want(forgetful.Post("/forgot", "email", email, "next", "/profile"), 303, "/reset")
		if again := forgetful.Post("/reset", "code", "000000", "password", "short"); again.Status != 422 {
			t.Fatalf("a weak password: %d", again.Status)
		}
		forgetful.Want(forgetful.Post("/reset", "code", h.Code(email), "password", "another way to the gatehouse"), 303,
			"/sign-in?notice=reset&next=%2Fprofile")
		if forgetful.SignedIn() {
			t.Fatal("a reset signed someone in")
		}
		if b.SignedIn() {
			t.Fatal("a session outlived the reset of its password")
		}
		if mail := h.Mail(email); !strings.Contains(mail, "was reset") {
			t.Fatalf("the owner was told: %s", mail)
		}
		if wrong := b.Post("/sign-in", "email", email, "password", testkit.Password); wrong.Status != 422 ||
			!strings.Contains(wrong.Body, "Wrong email or password.") {
			t.Fatalf("the old password: %d %s", wrong.Status, testkit.Text(wrong.Body))
		}
		b.Want(b.Post("/sign-in", "email", email, "password", "another way to the gatehouse"), 303, "/dashboard")
	})
}

// An access token that runs out between opening a form and sending it costs nothing.
func TestExpiryInTheMiddleOfAPost(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		before := b.Cookies()
		h.Clock.Advance(11 * time.Minute)
		b.Want(b.Post("/profile", "section", "details", "name", "Grace Hopper", "phone", ""), 303, "/profile?notice=saved")
		if after := b.Cookies(); after["access"] == before["access"] || after["refresh"] == before["refresh"] {
			t.Fatal("no new pair came along")
		}
		if page := b.Get("/profile"); !strings.Contains(page.Body, "Grace Hopper") {
			t.Fatal("what was typed is lost")
		}
	})
}

// A second press of the button, without JavaScript, finds the code spent by the first.
func TestSecondPressOfVerifyLeadsIn(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b, email := h.Browser(), testkit.Someone()
	b.Want(b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password), 303, "/verify")
	second, code := b.Copy(), h.Code(email)
	b.Want(b.Post("/verify", "code", code), 303, "/dashboard")
	if b.Cookies()["flow"] != "" {
		t.Error("a sign-up that is complete still waits for its code")
	}
	second.Want(second.Post("/verify", "code", code), 303, "/sign-in?notice=ready&next=%2Fdashboard")
	if second.SignedIn() {
		t.Fatal("a spent code signed someone in")
	}
}

// Whoever reads /dev/mail with a script takes the first text of its form for the code: nothing around it
// looks like one.
func TestDevMailShowsTheCodeFirst(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser()
	b.Want(b.Post("/sign-up", "name", "Ada", "email", "ada@example.com", "password", testkit.Password), 303, "/verify")
	code := h.Code("ada@example.com")
	b.From = "127.0.0.1"
	if found := regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}\b`).FindString(b.Get("/dev/mail").Body); found != code {
		t.Fatalf("the first text of its form is %q, the code is %q", found, code)
	}
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
