package tests

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

// stale is how long after signing in a change to the ways in asks for re-authentication.
const stale = 11 * time.Minute

// A form that is interrupted by re-authentication (step-up) goes on by itself afterwards, with what was typed.
func TestInterruptedFormGoesOn(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email, wanted := testkit.Someone(), testkit.Someone()
		b := h.Browser().SignUp(email)
		h.Clock.Advance(stale)
		for name, post := range map[string][]string{"to its own route": {"/profile/email"},
			"by its section": {"/profile", "section", "email"}} {
			goesOn := b.Confirms(b.Post(post[0], append(post[1:], "email", wanted)...))
			if page := b.Get("/confirm?next=" + url.QueryEscape(goesOn)); page.Status != 200 {
				t.Fatalf("%s: the page that asks: %d", name, page.Status)
			}
			wrong := b.Post("/confirm", "password", "not this one at all", "next", goesOn)
			if wrong.Status != 422 || !strings.Contains(wrong.Body, goesOn[:len("/confirm/continue")]) {
				t.Fatalf("%s: a wrong password: %d", name, wrong.Status)
			}
			b.Want(b.Post("/confirm", "password", testkit.Password, "next", goesOn), 303, goesOn)
			b.Want(b.Get(goesOn), 303, "/verify")
			if page := b.Get("/verify"); !strings.Contains(page.Body, wanted) {
				t.Errorf("%s: what was typed is lost: %s", name, testkit.Text(page.Body))
			}
			b.Want(b.Get(goesOn), 303, "/profile") // once
			h.Clock.Advance(stale)
		}
		if h.Happened(b.User(), models.EventReauthenticated) != 2 || h.Happened(b.User(), models.EventReauthFailed) != 2 {
			t.Error("the record lacks a re-authentication, or a wrong password at one")
		}
	})
}

// What goes on is the person's own form, in the browser that sent it, after they have shown who they are: nobody else
// can cause it (CSRF), and a password never rests in it.
func TestInterruptedFormIsNobodyElses(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	victim, mallory := h.Browser().SignUp(testkit.Someone()), h.Browser().SignUp(testkit.Someone())
	h.Clock.Advance(stale)
	address := testkit.Someone()
	goesOn := mallory.Confirms(mallory.Post("/profile/email", "email", address))
	victim.Keep("form", mallory.Cookies()["form"])
	victim.Want(victim.Post("/confirm", "password", testkit.Password, "next", goesOn), 303, goesOn)
	victim.Want(victim.Get(goesOn), 303, "/profile")
	own := mallory.Confirms(mallory.Post("/profile/email", "email", address))
	mallory.Want(mallory.Get(own), 303, "/profile") // not fresh yet
	mallory.Post("/profile/email", "email", address)
	mallory.Want(mallory.Post("/confirm", "password", testkit.Password, "next", "/profile"), 303, "/profile")
	mallory.Want(mallory.Get("/confirm/continue?form=guessed"), 303, "/profile")
	if h.Posted(address, "Your code to prove this address") != 0 {
		t.Error("a form went on that nobody let go on")
	}
}

// Ending another session goes on too, and so does linking, by way of a provider and without JavaScript.
func TestInterruptedLinkGoesOn(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Member(testkit.Someone())
		h.Clock.Advance(stale)
		goesOn := b.Confirms(b.Post("/auth/github/link"))
		b.Want(b.Post("/confirm", "password", testkit.Password, "next", goesOn), 303, goesOn)
		to := b.Leads(b.Get(goesOn))
		if !strings.Contains(to, "/login/oauth/authorize") {
			t.Fatalf("linking leads to %q", to)
		}
		b.Want(b.Bring(b.Visit(to, s.People("github")[0].ID)), 303, "/profile?notice=linked")
	})
}
