package main

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"
	"time"
)

func execute(t *testing.T, address, statement string) {
	t.Helper()
	db, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// The whole journey of a person with a password, without JavaScript.
func TestPasswordJourney(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b, email := h.browser(), someone()
		b.want(b.get("/profile"), 303, "/sign-in?next=%2Fprofile")
		b.want(b.post("/sign-up", "name", "Ada", "email", email, "password", password, "next", "/profile"), 303, "/verify")
		if page := b.get("/verify"); page.status != 200 || !strings.Contains(page.body, email) {
			t.Fatalf("the page for the code: %d %s", page.status, text(page.body))
		}
		code := h.code(email)
		b.want(b.post("/verify", "code", code[:3]+" "+code[3:]), 303, "/profile")
		if page := b.get("/dashboard"); page.status != 200 || !strings.Contains(page.body, "Ada") {
			t.Fatalf("the dashboard: %d %s", page.status, text(page.body))
		}
		b.want(b.post("/profile", "section", "details", "name", "Ada King", "phone", "+44 20 7946 0000"), 303, "/profile?notice=saved")
		if page := b.get("/profile"); !strings.Contains(page.body, "Ada King") {
			t.Fatalf("the profile: %s", text(page.body))
		}
		old := b.copy()
		b.want(b.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		if len(b.cookies()["access"]+b.cookies()["refresh"]) > 0 || b.signedIn() || old.signedIn() {
			t.Fatal("signed out, and yet signed in")
		}

		b.want(b.post("/sign-in", "email", strings.ToUpper(email), "password", password, "next", "/profile"), 303, "/profile")
		forgetful := h.browser()
		forgetful.want(forgetful.post("/forgot", "email", email, "next", "/profile"), 303, "/reset")
		if again := forgetful.post("/reset", "code", "000000", "password", "short"); again.status != 422 {
			t.Fatalf("a weak password: %d", again.status)
		}
		forgetful.want(forgetful.post("/reset", "code", h.code(email), "password", "another way to the gatehouse"), 303, "/sign-in?notice=reset&next=%2Fprofile")
		if forgetful.signedIn() {
			t.Fatal("a reset signed someone in")
		}
		if b.signedIn() {
			t.Fatal("a session outlived the reset of its password")
		}
		if mail := h.mail(email); !strings.Contains(mail, "was reset") {
			t.Fatalf("the owner was told: %s", mail)
		}
		if wrong := b.post("/sign-in", "email", email, "password", password); wrong.status != 422 || !strings.Contains(wrong.body, "Wrong email or password.") {
			t.Fatalf("the old password: %d %s", wrong.status, text(wrong.body))
		}
		b.want(b.post("/sign-in", "email", email, "password", "another way to the gatehouse"), 303, "/dashboard")
	})
}

// An access token that runs out between opening a form and sending it costs nothing.
func TestExpiryInTheMiddleOfAPost(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		before := b.cookies()
		h.clock.advance(11 * time.Minute)
		b.want(b.post("/profile", "section", "details", "name", "Grace Hopper", "phone", ""), 303, "/profile?notice=saved")
		if after := b.cookies(); after["access"] == before["access"] || after["refresh"] == before["refresh"] {
			t.Fatal("no new pair came along")
		}
		if page := b.get("/profile"); !strings.Contains(page.body, "Grace Hopper") {
			t.Fatal("what was typed is lost")
		}
	})
}

// A second press of the button, without JavaScript, finds the code spent by the first.
func TestSecondPressOfVerifyLeadsIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, email := h.browser(), someone()
	b.want(b.post("/sign-up", "name", "Ada", "email", email, "password", password), 303, "/verify")
	second, code := b.copy(), h.code(email)
	b.want(b.post("/verify", "code", code), 303, "/dashboard")
	if b.cookies()["flow"] != "" {
		t.Error("a sign-up that is complete still waits for its code")
	}
	second.want(second.post("/verify", "code", code), 303, "/sign-in?notice=ready&next=%2Fdashboard")
	if second.signedIn() {
		t.Fatal("a spent code signed someone in")
	}
}

// Whoever reads /dev/mail with a script takes the first text of its form for the code: nothing around it
// looks like one.
func TestDevMailShowsTheCodeFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser()
	b.want(b.post("/sign-up", "name", "Ada", "email", "ada@example.com", "password", password), 303, "/verify")
	code := h.code("ada@example.com")
	b.from = "127.0.0.1"
	if found := regexp.MustCompile(`\b[0-9A-Z]{4}-[0-9A-Z]{4}\b`).FindString(b.get("/dev/mail").body); found != code {
		t.Fatalf("the first text of its form is %q, the code is %q", found, code)
	}
}
