package main

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// After a whole life of an account, with mistakes, the log holds nothing that opens anything.
func TestLogsHoldNoSecret(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email, address := someone(), someone()
		secrets := map[string]string{password: "a password", newPassword: "a password", typedPassword: "a password",
			email: "an address", address: "an address", h.env["APP_SECRETS"]: "the secret of the house"}
		b := h.browser()
		note := func(b *browser) {
			for name, value := range b.cookies() {
				secrets[value] = "the cookie " + name
			}
		}
		mailed := func(to string) string {
			code := h.code(to)
			secrets[code] = "a code"
			return code
		}
		b.post("/sign-up", "name", "Ada", "email", email, "password", password, "remember", "on", "next", "/profile?code=1")
		note(b)
		b.post("/verify", "code", wrong("000000"))
		code := mailed(email)
		b.get("/verify?code=" + code)
		b.post("/verify?code="+code, "code", code)
		note(b)
		old := b.copy()
		old.expire()
		b.post("/sign-in", "email", email, "password", typedPassword)
		b.post("/sign-in?email="+email, "email", address, "password", typedPassword)
		b.post("/profile", "section", "email", "email", address)
		note(b)
		b.post("/verify", "code", mailed(address))
		h.clock.advance(11 * time.Minute)
		b.get("/dashboard?" + b.cookies()["refresh"])
		note(b)
		b.get("/dashboard")
		h.confirmed(b.user())
		h.clock.advance(time.Minute)
		old.post("/auth/refresh")
		b.get("/nothing/" + address + "/" + code)
		b.post("/forgot", "email", address)
		note(b)
		b.post("/reset", "code", mailed(address), "password", newPassword)
		b.post("/sign-in", "email", address, "password", newPassword)
		note(b)
		b.post("/profile", "section", "delete", "password", newPassword)
		h.shut()

		logs := h.logs.String()
		for secret, what := range secrets {
			if secret != "" && regexp.MustCompile(`(?:^|\W)`+regexp.QuoteMeta(secret)+`(?:\W|$)`).MatchString(logs) {
				t.Errorf("the log holds %s", what)
			}
		}
		for _, kept := range []string{"msg=request", "route=/verify", "kind=signed_up", "kind=sign_in_failed", "kind=refresh_token_reused", "kind=password_reset", "status=422"} {
			if !strings.Contains(logs, kept) {
				t.Errorf("the log lacks %s", kept)
			}
		}
	})
}
