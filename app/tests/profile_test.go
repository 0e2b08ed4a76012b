package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

const newPassword = "another way to the gatehouse"

// A new password needs the current one, and ends the sessions that began with it.
func TestPasswordChange(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		here, there := h.browser().signUp(email), h.browser().signIn(email)
		change := func(current, password string) answer {
			return here.post("/profile", "section", "password", "current", current, "password", password)
		}
		for what, got := range map[string]answer{
			"no current password": change("", newPassword), "a wrong one": change("not the password", newPassword),
			"a weak new one": change(password, "short"), "one's own address": change(password, email),
		} {
			if got.status != 422 {
				t.Errorf("%s: %d", what, got.status)
			}
		}
		if !there.signedIn() {
			t.Fatal("a refused change ended a session")
		}
		here.want(change(password, newPassword), 303, "/profile?notice=password")
		there.refuses("the password was changed elsewhere")
		if !here.signedIn() {
			t.Error("the change ended the session it was made in")
		}
		h.mailAbout(email, "Your password was changed")
		if h.happened(here.user(), models.EventPasswordChanged) != 1 {
			t.Error("no event")
		}
		if got := h.browser().post("/sign-in", "email", email, "password", password); got.status != 422 {
			t.Errorf("the old password: %d", got.status)
		}
		b := h.browser()
		b.want(b.post("/sign-in", "email", email, "password", newPassword), 303, "/dashboard")
	})
}

// A reset code that was asked for before dies with the password it would have replaced.
func TestPasswordChangeEndsOpenResets(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	email := someone()
	owner, thief := h.browser().signUp(email), h.browser()
	thief.want(thief.post("/forgot", "email", email), 303, "/reset")
	code := h.code(email)
	owner.want(owner.post("/profile", "section", "password", "current", password, "password", newPassword), 303, "/profile?notice=password")
	if got := thief.post("/reset", "code", code, "password", "the password of the thief"); got.status != 422 {
		t.Errorf("the reset of before: %d", got.status)
	}
}

// Confirming asks for the password, and is a sign-in: a new session, and a new time of it.
func TestConfirmIsASignIn(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		b := h.browser().signUp(email)
		h.clock.advance(11 * time.Minute)
		b.get("/dashboard")
		first, old, before := b.session(), b.copy(), claims(t, b.cookies()["access"])["auth_time"].(float64)
		ends := h.record(b.user()).Remembered
		if got := b.post("/confirm", "password", "wrong", "next", "/profile#email-section"); got.status != 422 || b.session() != first {
			t.Fatalf("a wrong password: %d", got.status)
		}
		b.want(b.post("/confirm", "password", password, "next", "/profile#email-section"), 303, "/profile#email-section")
		after := claims(t, b.cookies()["access"])["auth_time"].(float64)
		if b.session() == first || after-before < 600 {
			t.Errorf("the session is new: %t, the time of sign-in moved by %v s", b.session() != first, after-before)
		}
		if h.record(b.user()).Remembered != ends {
			t.Error("the choice to stay signed in was lost")
		}
		old.refuses("it was confirmed into a new session")
	})
}

// The address changes after a recent sign-in and a code to the new one; both are told.
func TestEmailChange(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email, address := someone(), someone()
		b := h.browser().signUp(email)
		h.clock.advance(11 * time.Minute)
		ask := func() answer { return b.post("/profile", "section", "email", "email", address) }
		to := "/confirm?next=" + url.QueryEscape("/profile#email-section")
		b.want(ask(), 303, to)
		if page := b.get(to); page.status != 200 || !strings.Contains(page.body, `value="/profile#email-section"`) {
			t.Fatalf("the page that asks: %d %s", page.status, text(page.body))
		}
		b.want(b.post("/confirm", "password", password, "next", "/profile#email-section"), 303, "/profile#email-section")
		b.want(ask(), 303, "/verify")
		code := h.code(address)
		if got := b.post("/verify", "code", wrong(code)); got.status != 422 {
			t.Errorf("a wrong code: %d", got.status)
		}
		h.browser().signIn(email) // nothing has changed yet
		thief := b.copy()
		thief.expire()
		thief.keep("refresh", "")
		thief.want(thief.post("/verify", "code", code), 303, "/sign-up")
		second := b.copy() // of two presses
		b.want(b.post("/verify", "code", code), 303, "/profile?notice=email")
		second.want(second.post("/verify", "code", code), 303, "/profile?notice=email")
		if mail := h.mailAbout(email, "Your address was changed"); strings.Contains(mail, address) {
			t.Errorf("the old address reads the whole new one: %s", mail)
		}
		if !strings.Contains(b.get("/profile").body, address) || h.happened(b.user(), models.EventEmailChanged) != 1 {
			t.Error("the profile or the events do not know the new address")
		}
		if got := h.browser().post("/sign-in", "email", email, "password", password); got.status != 422 {
			t.Errorf("the old address signs in: %d", got.status)
		}
		h.browser().signIn(address)
	}, "LIMITS=off")
}

// An address that belongs to someone else is answered as a free one, and its owner is told.
func TestTakenAddressIsAnsweredAlike(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		taken, free := someone(), someone()
		h.browser().signUp(taken)
		a, b := h.browser().signUp(someone()), h.browser().signUp(someone())
		ask := func(what string, step func(b *browser, address string) answer) {
			alike(t, what, step(a, taken), step(b, free), taken, free)
		}
		ask("the change", func(b *browser, address string) answer {
			return b.post("/profile", "section", "email", "email", address)
		})
		ask("the page for the code", func(b *browser, _ string) answer { return b.get("/verify") })
		for range 6 {
			ask("a wrong code", func(b *browser, _ string) answer { return b.post("/verify", "code", "000000") })
		}
		h.mailAbout(taken, "This address already has an account")
		h.browser().signIn(taken)
	}, "LIMITS=off")
}

// Deleting asks for the password, and leaves nothing that opens anything.
func TestDeleteEndsEverything(t *testing.T) {
	t.Parallel()
	everyDatabase(t, func(t *testing.T, h *house) {
		email := someone()
		here, there := h.browser().signUp(email), h.browser().signIn(email)
		for _, typed := range []string{"", "not the password"} {
			if got := here.post("/profile", "section", "delete", "password", typed, "confirm", "yes"); got.status != 422 {
				t.Errorf("deleted with the password %q: %d", typed, got.status)
			}
		}
		copied := here.copy()
		here.want(here.post("/profile", "section", "delete", "password", password), 303, "/sign-in?notice=deleted")
		if left := here.cookies(); left["access"]+left["refresh"]+left["device"] != "" {
			t.Errorf("cookies stayed: %d", len(left))
		}
		there.copy().refuses("the account was deleted")
		copied.copy().refuses("the account was deleted")
		if got := h.browser().post("/sign-in", "email", email, "password", password); got.status != 422 {
			t.Errorf("a deleted account signs in: %d", got.status)
		}
		h.mailAbout(email, "Your account is deleted")
		h.browser().signUp(email) // the address is free again
		h.restart()
		there.refuses("the account was deleted before the restart")
		copied.refuses("the account was deleted before the restart")
	})
}

// Everything a signed-in person changes is theirs: no form names another user.
func TestGuestsChangeNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"/dashboard", "/profile", "/profile?section=delete", "/profile/picture", "/confirm", "/confirm?next=%2Fprofile%23email-section"} {
		guest := h.browser()
		guest.want(guest.get(path), 303, "/sign-in?next="+url.QueryEscape(path))
	}
	for _, path := range []string{"/profile", "/confirm"} {
		guest := h.browser()
		guest.want(guest.do(http.MethodPost, path, url.Values{"section": {"delete"}}), 303, "/sign-in?next="+url.QueryEscape(path))
	}
}
