package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// alike fails the test unless two answers tell nothing apart but the address that was typed.
func alike(t *testing.T, what string, known, unknown answer, address, other string) {
	t.Helper()
	if known.status != unknown.status {
		t.Errorf("%s: %d for a known address, %d for an unknown one", what, known.status, unknown.status)
	}
	names := func(got answer) []string { return slices.Sorted(maps.Keys(got.header)) }
	if !slices.Equal(names(known), names(unknown)) {
		t.Errorf("%s: headers %v and %v", what, names(known), names(unknown))
	}
	for name := range known.header {
		if name != "Set-Cookie" && name != "Date" && name != "X-Request-Id" && known.header.Get(name) != unknown.header.Get(name) {
			t.Errorf("%s: %s is %q and %q", what, name, known.header.Get(name), unknown.header.Get(name))
		}
	}
	ours, theirs := setCookies(known), setCookies(unknown)
	for name, raw := range ours {
		// A time in it is written without trailing zeros: a few bytes up or down, for anyone.
		if apart := len(raw) - len(theirs[name]); theirs[name] == "" || apart > 12 || apart < -12 {
			t.Errorf("%s: the cookie %s has %d and %d bytes", what, name, len(raw), len(theirs[name]))
		}
	}
	plain := func(got answer, address string) string {
		return strings.ReplaceAll(strings.ReplaceAll(got.body, address, "ADDRESS"), got.header.Get("X-Request-Id"), "REQUEST")
	}
	if a, b := plain(known, address), plain(unknown, other); a != b {
		t.Errorf("%s: the pages differ:\n%s\n%s", what, text(a), text(b))
	}
}

// Whoever asks with an address learns nothing of whether it has an account, at any step.
func TestKnownAndUnknownAddressesAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		known, unknown, closed := someone(), someone(), someone()
		h.browser().signUp(known)
		shut := h.browser().signUp(closed).user()
		if err := h.DB.Users.SetDisabled(t.Context(), shut, true, h.clock.now()); err != nil {
			t.Fatal(err)
		}
		compare(t, h, known, unknown, false)
		compare(t, h, closed, unknown, true)
	}, "LIMITS=off")
}

// compare walks both addresses through every form that takes one.
func compare(t *testing.T, h *house, known, unknown string, htmx bool) {
	t.Helper()
	ask := func(what string, a, b *browser, step func(b *browser, address string) answer) {
		t.Helper()
		alike(t, what, step(a, known), step(b, unknown), known, unknown)
	}
	pair := func() (*browser, *browser) {
		a, b := h.browser(), h.browser()
		a.htmx, b.htmx = htmx, htmx
		return a, b
	}
	code := func(path, code string) func(*browser, string) answer {
		return func(b *browser, _ string) answer {
			return b.post(path, "code", code, "password", "Ada Lovelace came by")
		}
	}
	page := func(path string) func(*browser, string) answer {
		return func(b *browser, _ string) answer { return b.get(path) }
	}

	a, b := pair()
	ask("sign-in", a, b, func(b *browser, address string) answer {
		return b.post("/sign-in", "email", address, "password", typedPassword, "next", "/profile")
	})
	a, b = pair()
	ask("sign-up", a, b, func(b *browser, address string) answer {
		return b.post("/sign-up", "name", "Ada", "email", address, "password", password, "remember", "on")
	})
	ask("the page for the code", a, b, page("/verify"))
	for try := range 6 {
		ask("a wrong code of a sign-up, try "+string(rune('1'+try)), a, b, code("/verify", "000000"))
	}
	ask("a new code of a sign-up", a, b, func(b *browser, _ string) answer { return b.post("/verify", "action", "resend") })
	ask("a wrong code after a new one", a, b, code("/verify", "000000"))
	a, b = pair()
	ask("forgot", a, b, func(b *browser, address string) answer { return b.post("/forgot", "email", address) })
	ask("the page for the new password", a, b, page("/reset"))
	ask("a weak password", a, b, func(b *browser, address string) answer {
		return b.post("/reset", "code", "000000", "password", address)
	})
	for try := range 6 {
		ask("a wrong code of a reset, try "+string(rune('1'+try)), a, b, code("/reset", "000000"))
	}
	ask("a new code of a reset", a, b, func(b *browser, _ string) answer { return b.post("/reset", "action", "resend") })
	ask("a wrong code of a reset after a new one", a, b, code("/reset", "000000"))
}

// Someone who signs up with another's address before them gets nothing they can use later.
func TestSigningUpWithAnothersAddressPlantsNothing(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		victim := someone()
		attacker, owner := h.browser(), h.browser()
		attacker.want(attacker.post("/sign-up", "name", "Mallory", "email", victim, "password", "planted by the attacker"), 303, "/verify")
		planted := h.code(victim)
		owner.want(owner.post("/sign-up", "name", "Ada", "email", victim, "password", password), 303, "/verify")
		theirs := h.code(victim)
		if got := attacker.post("/verify", "code", theirs); got.status != 422 && theirs != planted {
			t.Fatalf("the owner's code opens the attacker's sign-up: %d", got.status)
		}
		owner.want(owner.post("/verify", "code", theirs), 303, "/dashboard")
		if page := owner.get("/profile").body; !strings.Contains(page, `value="Ada"`) || strings.Contains(page, "Mallory") {
			t.Error("the account is the attacker's")
		}
		if got := h.browser().post("/sign-in", "email", victim, "password", "planted by the attacker"); got.status != 422 {
			t.Errorf("the planted password: %d", got.status)
		}
		// Even with the code of their own sign-up, from the owner's mail, they cannot take what is proven.
		if got := attacker.post("/verify", "code", planted); got.status != 422 || attacker.signedIn() {
			t.Errorf("the attacker's own code: %d", got.status)
		}
		h.browser().signIn(victim)
		late := h.browser()
		late.want(late.post("/sign-up", "name", "Mallory", "email", victim, "password", "planted by the attacker"), 303, "/verify")
		if mail := h.mailAbout(victim, "You already have an account"); strings.Contains(mail, "Mallory") {
			t.Errorf("the attacker writes the owner's mail: %s", mail)
		}
		h.browser().signIn(victim)
	})
}
