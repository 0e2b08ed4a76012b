package tests

import (
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

func TestDisabledUserIsOut(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email := testkit.Someone()
		b := h.Browser().SignUp(email)
		user := b.User()
		if err := h.DB.Users.SetDisabled(t.Context(), user, true, h.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		guest := h.Browser()
		if got := guest.Post("/sign-in", "email", email, "password", testkit.Password); got.Status != 422 ||
			!strings.Contains(got.Body, "This account is closed.") {
			t.Errorf("the right password: %d %s", got.Status, testkit.Text(got.Body))
		}
		if got := guest.Post("/sign-in", "email", email, "password", testkit.Password+"!"); got.Status != 422 ||
			strings.Contains(got.Body, "closed") {
			t.Errorf("a wrong password is told more than it should be: %s", testkit.Text(got.Body))
		}
		guest.Want(guest.Post("/forgot", "email", email), 303, "/reset")
		if mail := h.MailAbout(email, "Your account is closed"); strings.Contains(mail, "code") {
			t.Errorf("a closed account gets a code: %s", mail)
		}
		b.Want(b.Get("/dashboard"), 303, "/sign-in?notice=ended&next=%2Fdashboard")
		b.Refuses("the account was closed")
		if live, _ := h.Sessions.List(t.Context(), user); len(live) > 0 {
			t.Error("sessions of a closed account live on")
		}
		if err := h.DB.Users.SetDisabled(t.Context(), user, false, h.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		guest.SignIn(email)
	})
}

// A row that is gone, with a session that is not: a sign-in that raced the deletion.
func TestSessionWithoutItsUserIsOver(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		if err := h.DB.Users.Delete(t.Context(), b.User()); err != nil {
			t.Fatal(err)
		}
		old := b.Copy()
		b.Want(b.Get("/profile"), 303, "/sign-in?notice=ended&next=%2Fprofile")
		if b.Get("/sign-in?notice=ended"); len(b.Cookies()["access"]+b.Cookies()["refresh"]) > 0 {
			t.Error("its cookies stayed")
		}
		old.Want(old.Post("/profile", "section", "details", "name", "Nobody"), 303, "/sign-in?notice=ended&next=%2Fprofile")
	})
}
