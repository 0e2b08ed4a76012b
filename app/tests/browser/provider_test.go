package browser

import (
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// Every button, pressed in a real browser by whose rules a provider is another site: Apple's answer
// is a cross-site POST, with which no Lax cookie travels.
func TestEveryButtonInChromium(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		bothWays(t, func(t *testing.T, scripts bool) {
			p := newTabOf(t, h).scripts(scripts)
			for _, provider := range testkit.Providers {
				p.open("/sign-in?next=%2Fprofile").click("a[href^='/auth/" + provider + "']").sees("Choose an account").
					click("#person-" + s.People(provider)[0].ID)
				if provider == "apple" && !scripts {
					p.sees("Continue").click("form button")
				}
				p.at("/profile").sees("Connected")
				p.click("form[action='/auth/sign-out'] button").at("/sign-in?notice=signed-out")

				p.click("a[href^='/auth/" + provider + "']").sees("Choose an account").click("#person-cancel")
				if provider == "apple" && !scripts {
					p.sees("Continue").click("form button")
				}
				p.at(testkit.CallbackError + "denied&provider=" + provider).sees("You did not let").
					click("main a[href='/sign-in']").at("/sign-in")
			}
			p.clean()
		})
	}, localhost)
}

// Connecting, confirming and disconnecting on the profile.
func TestWaysInInChromium(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for person, scripts := range map[string]bool{"ada": true, "grace": false} {
			p := newTab(h).scripts(scripts).signUp(testkit.Someone()).open("/profile")
			p.click("button[aria-label='Connect Google']").click("#person-" + person).at("/profile?notice=linked").
				sees("Connected. You can sign in with it from now on.")
			h.Clock.Advance(11 * time.Minute)
			p.click("button[aria-label='Disconnect Google']").sees("This change needs a sign-in from the last 10 minutes.")
			p.click("form[action='/auth/google/confirm'] button").click("#person-" + person)
			p.at("/profile?notice=unlinked").sees("Disconnected.") // it goes on by itself
			p.until("it can be connected again", `document.querySelector("button[aria-label='Connect Google']") !== null`)
			p.clean()
		}
	}, localhost)
}
