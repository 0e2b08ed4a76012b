package tests

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
	"gatehouse/models"
)

const newPassword = "another way to the gatehouse"

// A new password needs the current one, and ends the sessions that began with it.
func TestPasswordChange(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		here, there := h.Browser().SignUp(email), h.Browser().SignIn(email)
		change := func(current, password string) testkit.Answer {
			return here.Post("/profile", "section", "password", "current", current, "password", password)
		}
		for what, got := range map[string]testkit.Answer{
			"no current password": change("", newPassword), "a wrong one": change("not the password", newPassword),
			"a weak new one": change(testkit.Password, "short"), "one's own address": change(testkit.Password, email),
		} {
			if got.Status != 422 {
				t.Errorf("%s: %d", what, got.Status)
			}
		}
		if !there.SignedIn() {
			t.Fatal("a refused change ended a session")
		}
		here.Want(change(testkit.Password, newPassword), 303, "/profile?notice=password")
		there.Refuses("the password was changed elsewhere")
		if !here.SignedIn() {
			t.Error("the change ended the session it was made in")
		}
		h.MailAbout(email, "Your password was changed")
		if h.Happened(here.User(), models.EventPasswordChanged) != 1 {
			t.Error("no event")
		}
		if got := h.Browser().Post("/sign-in", "email", email, "password", testkit.Password); got.Status != 422 {
			t.Errorf("the old password: %d", got.Status)
		}
		b := h.Browser()
		b.Want(b.Post("/sign-in", "email", email, "password", newPassword), 303, "/dashboard")
	})
}

// A reset code that was asked for before dies with the password it would have replaced.
func TestPasswordChangeEndsOpenResets(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	email := testkit.Someone()
	owner, thief := h.Browser().SignUp(email), h.Browser()
	thief.Want(thief.Post("/forgot", "email", email), 303, "/reset")
	code := h.Code(email)
	owner.Want(owner.Post("/profile", "section", "password", "current", testkit.Password, "password", newPassword),
		303, "/profile?notice=password")
	if got := thief.Post("/reset", "code", code, "password", "the password of the thief"); got.Status != 422 {
		t.Errorf("the reset of before: %d", got.Status)
	}
}

// Confirming asks for the password, and is a sign-in: a new session, and a new time of it.
func TestConfirmIsASignIn(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		h.Clock.Advance(11 * time.Minute)
		b.Get("/dashboard")
		first, old, before := b.Session(), b.Copy(), testkit.Claims(t, b.Cookies()["access"])["auth_time"].(float64)
		ends := h.Record(b.User()).Remembered
		if got := b.Post("/confirm", "password", "wrong", "next", "/profile#email-section"); got.Status != 422 ||
			b.Session() != first {
			t.Fatalf("a wrong password: %d", got.Status)
		}
		b.Want(b.Post("/confirm", "password", testkit.Password, "next", "/profile#email-section"),
			303, "/profile#email-section")
		after := testkit.Claims(t, b.Cookies()["access"])["auth_time"].(float64)
		if b.Session() == first || after-before < 600 {
			t.Errorf("the session is new: %t, the time of sign-in moved by %v s", b.Session() != first, after-before)
		}
		if h.Record(b.User()).Remembered != ends {
			t.Error("the choice to stay signed in was lost")
		}
		old.Refuses("it was confirmed into a new session")
	})
}

// The address changes after a recent sign-in and a code to the new one; both are told.
func TestEmailChange(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email, address := testkit.Someone(), testkit.Someone()
		b := h.Browser().SignUp(email)
		h.Clock.Advance(11 * time.Minute)
		ask := func() testkit.Answer { return b.Post("/profile", "section", "email", "email", address) }
		goesOn := b.Confirms(ask())
		if page := b.Get("/confirm?next=" + url.QueryEscape(goesOn)); page.Status != 200 ||
			!strings.Contains(page.Body, `value="`+goesOn+`"`) {
			t.Fatalf("the page that asks: %d %s", page.Status, testkit.Text(page.Body))
		}
		b.Want(b.Post("/confirm", "password", testkit.Password, "next", goesOn), 303, goesOn)
		b.Want(b.Get(goesOn), 303, "/verify")
		code := h.Code(address)
		if got := b.Post("/verify", "code", wrong(code)); got.Status != 422 {
			t.Errorf("a wrong code: %d", got.Status)
		}
		h.Browser().SignIn(email) // nothing has changed yet
		thief := b.Copy()
		thief.Expire()
		thief.Keep("refresh", "")
		thief.Want(thief.Post("/verify", "code", code), 303, "/sign-up")
		second := b.Copy() // of two presses
		b.Want(b.Post("/verify", "code", code), 303, "/profile?notice=email")
		second.Want(second.Post("/verify", "code", code), 303, "/profile?notice=email")
		if mail := h.MailAbout(email, "Your address was changed"); strings.Contains(mail, address) {
			t.Errorf("the old address reads the whole new one: %s", mail)
		}
		if !strings.Contains(b.Get("/profile").Body, address) || h.Happened(b.User(), models.EventEmailChanged) != 1 {
			t.Error("the profile or the events do not know the new address")
		}
		if got := h.Browser().Post("/sign-in", "email", email, "password", testkit.Password); got.Status != 422 {
			t.Errorf("the old address signs in: %d", got.Status)
		}
		h.Browser().SignIn(address)
	}, "LIMITS=off")
}

// An address that belongs to someone else is answered as a free one, and its owner is told.
func TestTakenAddressIsAnsweredAlike(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		taken, free := testkit.Someone(), testkit.Someone()
		h.Browser().SignUp(taken)
		a, b := h.Browser().SignUp(testkit.Someone()), h.Browser().SignUp(testkit.Someone())
		ask := func(what string, step func(b *testkit.Browser, address string) testkit.Answer) {
			alike(t, what, step(a, taken), step(b, free), taken, free)
		}
		ask("the change", func(b *testkit.Browser, address string) testkit.Answer {
			return b.Post("/profile", "section", "email", "email", address)
		})
		ask("the page for the code", func(b *testkit.Browser, _ string) testkit.Answer { return b.Get("/verify") })
		for range 6 {
			ask("a wrong code", func(b *testkit.Browser, _ string) testkit.Answer { return b.Post("/verify", "code", "000000") })
		}
		h.MailAbout(taken, "This address already has an account")
		h.Browser().SignIn(taken)
	}, "LIMITS=off")
}

// Deleting asks for the password, and leaves nothing that opens anything.
func TestDeleteEndsEverything(t *testing.T) {
	t.Parallel()
	everyDatabase(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		here, there := h.Browser().SignUp(email), h.Browser().SignIn(email)
		for _, typed := range []string{"", "not the password"} {
			if got := here.Post("/profile", "section", "delete", "password", typed, "confirm", "yes"); got.Status != 422 {
				t.Errorf("deleted with the password %q: %d", typed, got.Status)
			}
		}
		copied := here.Copy()
		here.Want(here.Post("/profile", "section", "delete", "password", testkit.Password), 303, "/sign-in?notice=deleted")
		if left := here.Cookies(); left["access"]+left["refresh"]+left["device"] != "" {
			t.Errorf("cookies stayed: %d", len(left))
		}
		there.Copy().Refuses("the account was deleted")
		copied.Copy().Refuses("the account was deleted")
		if got := h.Browser().Post("/sign-in", "email", email, "password", testkit.Password); got.Status != 422 {
			t.Errorf("a deleted account signs in: %d", got.Status)
		}
		h.MailAbout(email, "Your account is deleted")
		h.Browser().SignUp(email) // the address is free again
		h.Restart()
		there.Refuses("the account was deleted before the restart")
		copied.Refuses("the account was deleted before the restart")
	})
}

// Everything a signed-in person changes is theirs: no form names another user.
func TestGuestsChangeNothing(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	for _, path := range []string{"/dashboard", "/profile", "/profile?section=delete", "/profile/picture", "/confirm",
		"/confirm?next=%2Fprofile%23email-section"} {
		guest := h.Browser()
		guest.Want(guest.Get(path), 303, "/sign-in?next="+url.QueryEscape(path))
	}
	for _, path := range []string{"/profile", "/confirm"} {
		guest := h.Browser()
		guest.Want(guest.Do(http.MethodPost, path, url.Values{"section": {"delete"}}), 303,
			"/sign-in?next="+url.QueryEscape(path))
	}
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
