package tests

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// alike fails the test unless two answers tell nothing apart but the address that was typed.
func alike(t *testing.T, what string, known, unknown testkit.Answer, address, other string) {
	t.Helper()
	if known.Status != unknown.Status {
		t.Errorf("%s: %d for a known address, %d for an unknown one", what, known.Status, unknown.Status)
	}
	names := func(got testkit.Answer) []string { return slices.Sorted(maps.Keys(got.Header)) }
	if !slices.Equal(names(known), names(unknown)) {
		t.Errorf("%s: headers %v and %v", what, names(known), names(unknown))
	}
	for name := range known.Header {
		if name != "Set-Cookie" && name != "Date" && name != "X-Request-Id" &&
			known.Header.Get(name) != unknown.Header.Get(name) {
			t.Errorf("%s: %s is %q and %q", what, name, known.Header.Get(name), unknown.Header.Get(name))
		}
	}
	ours, theirs := setCookies(known), setCookies(unknown)
	for name, raw := range ours {
		// A time in it is written without trailing zeros: a few bytes up or down, for anyone.
		if apart := len(raw) - len(theirs[name]); theirs[name] == "" || apart > 12 || apart < -12 {
			t.Errorf("%s: the cookie %s has %d and %d bytes", what, name, len(raw), len(theirs[name]))
		}
	}
	plain := func(got testkit.Answer, address string) string {
		return strings.ReplaceAll(strings.ReplaceAll(got.Body, address, "ADDRESS"), got.Header.Get("X-Request-Id"), "REQUEST")
	}
	if a, b := plain(known, address), plain(unknown, other); a != b {
		t.Errorf("%s: the pages differ:\n%s\n%s", what, testkit.Text(a), testkit.Text(b))
	}
}

// Whoever asks with an address learns nothing of whether it has an account, at any step.
func TestKnownAndUnknownAddressesAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		known, unknown, closed := testkit.Someone(), testkit.Someone(), testkit.Someone()
		h.Browser().SignUp(known)
		shut := h.Browser().SignUp(closed).User()
		if err := h.DB.Users.SetDisabled(t.Context(), shut, true, h.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		compare(t, h, known, unknown, false)
		compare(t, h, closed, unknown, true)
	}, "LIMITS=off")
}

// compare walks both addresses through every form that takes one.
func compare(t *testing.T, h *testkit.House, known, unknown string, htmx bool) {
	t.Helper()
	ask := func(what string, a, b *testkit.Browser, step func(b *testkit.Browser, address string) testkit.Answer) {
		t.Helper()
		alike(t, what, step(a, known), step(b, unknown), known, unknown)
	}
	pair := func() (*testkit.Browser, *testkit.Browser) {
		a, b := h.Browser(), h.Browser()
		a.HTMX, b.HTMX = htmx, htmx
		return a, b
	}
	code := func(path, code string) func(*testkit.Browser, string) testkit.Answer {
		return func(b *testkit.Browser, _ string) testkit.Answer {
			return b.Post(path, "code", code, "password", "Ada Lovelace came by")
		}
	}
	page := func(path string) func(*testkit.Browser, string) testkit.Answer {
		return func(b *testkit.Browser, _ string) testkit.Answer { return b.Get(path) }
	}

	a, b := pair()
	ask("sign-in", a, b, func(b *testkit.Browser, address string) testkit.Answer {
		return b.Post("/sign-in", "email", address, "password", typedPassword, "next", "/profile")
	})
	a, b = pair()
	ask("sign-up", a, b, func(b *testkit.Browser, address string) testkit.Answer {
		return b.Post("/sign-up", "name", "Ada", "email", address, "password", testkit.Password, "remember", "on")
	})
	ask("the page for the code", a, b, page("/verify"))
	for try := range 6 {
		ask("a wrong code of a sign-up, try "+string(rune('1'+try)), a, b, code("/verify", "000000"))
	}
	ask("a new code of a sign-up", a, b, func(b *testkit.Browser, _ string) testkit.Answer {
		return b.Post("/verify", "action", "resend")
	})
	ask("a wrong code after a new one", a, b, code("/verify", "000000"))
	a, b = pair()
	ask("forgot", a, b, func(b *testkit.Browser, address string) testkit.Answer {
		return b.Post("/forgot", "email", address)
	})
	ask("the page for the new password", a, b, page("/reset"))
	ask("a weak password", a, b, func(b *testkit.Browser, address string) testkit.Answer {
		return b.Post("/reset", "code", "000000", "password", address)
	})
	for try := range 6 {
		ask("a wrong code of a reset, try "+string(rune('1'+try)), a, b, code("/reset", "000000"))
	}
	ask("a new code of a reset", a, b, func(b *testkit.Browser, _ string) testkit.Answer {
		return b.Post("/reset", "action", "resend")
	})
	ask("a wrong code of a reset after a new one", a, b, code("/reset", "000000"))
}

// Someone who signs up with another's address before them gets nothing they can use later.
func TestSigningUpWithAnothersAddressPlantsNothing(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		victim := testkit.Someone()
		attacker, owner := h.Browser(), h.Browser()
		attacker.Want(attacker.Post("/sign-up", "name", "Mallory", "email", victim, "password", "planted by the attacker"),
			303, "/verify")
		planted := h.Code(victim)
		owner.Want(owner.Post("/sign-up", "name", "Ada", "email", victim, "password", testkit.Password), 303, "/verify")
		theirs := h.Code(victim)
		if got := attacker.Post("/verify", "code", theirs); got.Status != 422 && theirs != planted {
			t.Fatalf("the owner's code opens the attacker's sign-up: %d", got.Status)
		}
		owner.Want(owner.Post("/verify", "code", theirs), 303, "/dashboard")
		if page := owner.Get("/profile").Body; !strings.Contains(page, `value="Ada"`) || strings.Contains(page, "Mallory") {
			t.Error("the account is the attacker's")
		}
		if got := h.Browser().Post("/sign-in", "email", victim, "password", "planted by the attacker"); got.Status != 422 {
			t.Errorf("the planted password: %d", got.Status)
		}
		// Even with the code of their own sign-up, from the owner's mail, they cannot take what is proven.
		if got := attacker.Post("/verify", "code", planted); got.Status != 422 || attacker.SignedIn() {
			t.Errorf("the attacker's own code: %d", got.Status)
		}
		h.Browser().SignIn(victim)
		late := h.Browser()
		late.Want(late.Post("/sign-up", "name", "Mallory", "email", victim, "password", "planted by the attacker"), 303,
			"/verify")
		if mail := h.MailAbout(victim, "You already have an account"); strings.Contains(mail, "Mallory") {
			t.Errorf("the attacker writes the owner's mail: %s", mail)
		}
		h.Browser().SignIn(victim)
	})
}
