package tests

import (
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// Disconnecting an identity ends the sessions that it began: whoever holds it is not to stay. The session that
// disconnects it, and those of the password, go on.
func TestDisconnectingEndsWhatTheIdentityBegan(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		email := testkit.Someone()
		owner := h.Member(email)
		person := s.People("github")[0].ID
		owner.Want(owner.Bring(owner.Visit(owner.Leads(owner.Post("/auth/github/link")), person)), 303,
			"/profile?notice=linked")
		thief, other := h.Browser().By("github", person), h.Browser().SignIn(email)
		owner = h.Browser().By("github", person) // this session, too, but it is the one that disconnects
		own, err := h.DB.Identities.ByUser(t.Context(), owner.User())
		if err != nil || len(own) != 1 {
			t.Fatal(own, err)
		}
		owner.Want(owner.Post("/profile/identities", "action", "disconnect", "provider", "github", "subject", own[0].Subject),
			303, "/profile?notice=unlinked")
		thief.Refuses("the identity was disconnected")
		if !owner.SignedIn() || !other.SignedIn() {
			t.Error("a session that the identity did not begin ended, too")
		}
	})
}

// A reset leaves a thief's connected identity, so its mail says what else signs in.
func TestResetSaysWhatElseSignsIn(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		email := testkit.Someone()
		b := h.Member(email)
		b.Want(b.Bring(b.Visit(b.Leads(b.Post("/auth/github/link")), s.People("github")[0].ID)), 303,
			"/profile?notice=linked")
		forgetful := h.Browser()
		forgetful.Want(forgetful.Post("/forgot", "email", email), 303, "/reset")
		forgetful.Want(forgetful.Post("/reset", "code", h.Code(email), "password", otherPassword),
			303, "/sign-in?notice=reset&next=%2Fdashboard")
		if mail := h.MailAbout(email, "Your password was reset"); !strings.Contains(mail, "GitHub") {
			t.Errorf("the mail does not name what else signs in:\n%s", mail)
		}
	})
}
