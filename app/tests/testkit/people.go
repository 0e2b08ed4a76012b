package testkit

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// Password is everybody's.
const Password = "a long way to the gatehouse"

// AnyAddress is a client address nobody else has.
func AnyAddress() string {
	raw := uuid.New()
	return fmt.Sprintf("10.%d.%d.%d", raw[0], raw[1], raw[2])
}

// Someone is an address nobody has used yet.
func Someone() string {
	return "p" + strings.ReplaceAll(uuid.NewString(), "-", "")[:16] + "@example.com"
}

// SignUp makes a user through the pages, and leaves the browser signed in.
func (b *Browser) SignUp(email string) *Browser {
	b.T.Helper()
	b.Want(b.Post("/sign-up", "name", "Ada Lovelace", "email", email, "password", Password, "remember", "on"), 303,
		"/verify")
	b.Want(b.Post("/verify", "code", b.House.Code(email)), 303, "/dashboard")
	return b
}

// SignIn enters with the password.
func (b *Browser) SignIn(email string) *Browser {
	b.T.Helper()
	b.Want(b.Post("/sign-in", "email", email, "password", Password, "remember", "on"), 303, "/dashboard")
	return b
}

// Want fails the test unless the answer has the status and, for redirects, leads to where.
func (b *Browser) Want(got Answer, status int, to string) Answer {
	b.T.Helper()
	if got.Status != status || got.To() != to {
		b.T.Fatalf("got %d to %q, want %d to %q\n%s", got.Status, got.To(), status, to, Text(got.Body))
	}
	return got
}

// SignedIn reports whether the dashboard opens.
func (b *Browser) SignedIn() bool {
	b.T.Helper()
	return b.Get("/dashboard").Status == http.StatusOK
}

// Expire lets the access token run out, as time or a closed browser would.
func (b *Browser) Expire() { b.Keep("access", "") }

// Refuses fails the test unless the browser is signed in nowhere: no page, no JSON, no trade.
func (b *Browser) Refuses(why string) {
	b.T.Helper()
	if got := b.Get("/auth/session"); got.Status != 401 {
		b.T.Errorf("%s: GET /auth/session answered %d, want 401", why, got.Status)
	}
	if got := b.Copy().Post("/auth/refresh"); got.Status != 401 {
		b.T.Errorf("%s: POST /auth/refresh answered %d, want 401", why, got.Status)
	}
	if got := b.Copy().Get("/dashboard"); got.Status != 303 || !strings.HasPrefix(got.To(), "/sign-in?") {
		b.T.Errorf("%s: GET /dashboard answered %d to %q, want 303 to /sign-in", why, got.Status, got.To())
	}
}

// Confirms fails the test unless the answer asks for re-authentication, and returns where that leads afterwards.
func (b *Browser) Confirms(got Answer) string {
	b.T.Helper()
	at, err := url.Parse(got.To())
	if err != nil || got.Status != http.StatusSeeOther || at.Path != "/confirm" {
		b.T.Fatalf("got %d to %q, want 303 to /confirm\n%s", got.Status, got.To(), Text(got.Body))
	}
	return at.Query().Get("next")
}

// Member is a person with a password at an address of their own.
func (h *House) Member(email string) *Browser {
	h.T.Helper()
	return h.Browser().SignUp(email)
}
