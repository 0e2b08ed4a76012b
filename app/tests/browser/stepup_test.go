package browser

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatehouse/app/tests/testkit"
)

// A form that asks for re-authentication (step-up) goes on by itself once its person has shown who they are: what was
// typed is there, and nothing is pressed twice.
func TestInterruptedFormGoesOnInChromium(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, scripts bool) {
		h := testkit.NewHouse(t, localhost)
		p, wanted := newTab(h).scripts(scripts).signUp(testkit.Someone()), testkit.Someone()
		h.Clock.Advance(11 * time.Minute)
		p.open("/profile").fill("#email-address", wanted)
		p.do(chromedp.Click(chromedp.CSS("form[action='/profile/email'] button"), chromedp.NodeVisible))
		p.sees("Confirm it is you").fill("#password", "not the password").click("form[action='/confirm'] button[type=submit]")
		p.sees("Wrong password").fill("#password", testkit.Password).click("form[action='/confirm'] button[type=submit]")
		p.at("/verify").sees(wanted).fill("#code", h.Code(wanted)).click("form[action='/verify'] button[type=submit]")
		p.at("/profile?notice=email").sees("Yours is " + wanted)
	})
}
