package tests

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// After a whole life of an account, with mistakes, the log holds nothing that opens anything.
func TestLogsHoldNoSecret(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		email, address := testkit.Someone(), testkit.Someone()
		secrets := map[string]string{testkit.Password: "a password", newPassword: "a password", typedPassword: "a password",
			email: "an address", address: "an address", h.Env["APP_SECRETS"]: "the secret of the house"}
		b := h.Browser()
		note := func(b *testkit.Browser) {
			for name, value := range b.Cookies() {
				secrets[value] = "the cookie " + name
			}
		}
		mailed := func(to string) string {
			code := h.Code(to)
			secrets[code] = "a code"
			return code
		}
		b.Post("/sign-up", "name", "Ada", "email", email, "password", testkit.Password, "remember", "on", "next",
			"/profile?code=1")
		note(b)
		b.Post("/verify", "code", wrong("000000"))
		code := mailed(email)
		b.Get("/verify?code=" + code)
		b.Post("/verify?code="+code, "code", code)
		note(b)
		old := b.Copy()
		old.Expire()
		b.Post("/sign-in", "email", email, "password", typedPassword)
		b.Post("/sign-in?email="+email, "email", address, "password", typedPassword)
		b.Post("/profile", "section", "email", "email", address)
		note(b)
		b.Post("/verify", "code", mailed(address))
		h.Clock.Advance(11 * time.Minute)
		b.Get("/dashboard?" + b.Cookies()["refresh"])
		note(b)
		b.Get("/dashboard")
		h.Confirmed(b.User())
		h.Clock.Advance(time.Minute)
		old.Post("/auth/refresh")
		b.Get("/nothing/" + address + "/" + code)
		b.Post("/forgot", "email", address)
		note(b)
		b.Post("/reset", "code", mailed(address), "password", newPassword)
		b.Post("/sign-in", "email", address, "password", newPassword)
		note(b)
		b.Post("/profile", "section", "delete", "password", newPassword)
		h.Shut()

		logs := h.Logs.String()
		for secret, what := range secrets {
			if secret != "" && regexp.MustCompile(`(?:^|\W)`+regexp.QuoteMeta(secret)+`(?:\W|$)`).MatchString(logs) {
				t.Errorf("the log holds %s", what)
			}
		}
		for _, kept := range []string{"msg=request", "route=/verify", "kind=signed_up", "kind=sign_in_failed",
			"kind=refresh_token_reused", "kind=password_reset", "status=422"} {
			if !strings.Contains(logs, kept) {
				t.Errorf("the log lacks %s", kept)
			}
		}
	})
}

// A flood of requests that are refused leaves no more lines in the log than there are seconds in it.
func TestForgedRefreshesFillNoLog(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser()
	b.Keep("refresh", "AQ")
	statuses := map[int]int{}
	for range 300 {
		b.Keep("refresh", "AQ") // the answer takes it
		statuses[b.Post("/auth/refresh").Status]++
	}
	if statuses[401] > 260 || statuses[429] < 40 {
		t.Errorf("answers %v", statuses)
	}
	if lines := strings.Count(h.Logs.String(), "kind=refresh_refused"); lines == 0 || lines > 12 {
		t.Errorf("%d lines of 300 forged tokens", lines)
	}
	other := h.Browser()
	other.From = testkit.AnyAddress()
	other.Keep("refresh", "AQ")
	if got := other.Post("/auth/refresh"); got.Status != 401 {
		t.Errorf("another client: %d", got.Status)
	}
}

// What answers from memory costs less than its line, so of very many such requests few have one.
func TestAnswersFromMemoryFillNoLog(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "LIMITS=off")
	h.Clock.Hold()
	b := h.Browser()
	for range 400 {
		b.Get("/auth/session")
	}
	b.Get("/sign-in")
	const most = 200 // at once, and 20 in every second that goes by
	if lines := strings.Count(h.Logs.String(), "route=/auth/session"); lines == 0 || lines > most {
		t.Errorf("%d lines of 400 requests", lines)
	}
	if !strings.Contains(h.Logs.String(), "route=/sign-in") {
		t.Error("a page has no line")
	}
}
