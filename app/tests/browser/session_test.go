package browser

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatehouse/app/tests/testkit"
)

const wakes = `document.dispatchEvent(new Event("visibilitychange")), true`

// wake is what a tab hears when its person comes back to it.
func (p *tab) wake() {
	p.t.Helper()
	if _, err := ask[bool](p, wakes); err != nil {
		p.t.Fatal(err)
	}
}

// A page left open renews its session by itself, again and again, and works when its person is back.
func TestPageLeftOpenStaysSignedIn(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, localhost, "ACCESS_TTL=3s")
	p := newTab(h).signUp(testkit.Someone()).click("a[href='/profile']").at("/profile")
	loads := p.documents()
	testkit.Eventually(t, "the page renewed its session three times",
		func() bool { return served(h, "POST", "/auth/refresh", 204) >= 3 })
	p.fill("#details-name", "Still Here").click("#details button[type=submit]").sees("Saved.")
	if p.documents() != loads || served(h, "POST", "/auth/refresh", 401) > 0 {
		t.Error("it did so by loading a page, or was refused")
	}
	p.open("/dashboard").sees("Still Here").clean()
}

// A tab that wakes asks at once whether its session lives.
func TestWakingTabRenews(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, localhost)
	p := newTab(h).signUp(testkit.Someone())
	h.Clock.Advance(3 * time.Hour)
	p.wake()
	testkit.Eventually(t, "the tab renewed its session",
		func() bool { return served(h, "POST", "/auth/refresh", 204) == 1 })
	p.click("a[href='/profile']").at("/profile").clean()
}

// A session that ended elsewhere leads to the sign-in, which says why: at once where the page can
// ask, at the next press where it cannot.
func TestSessionEndedElsewhere(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, scripts bool) {
		h := testkit.NewHouse(t, localhost)
		email := testkit.Someone()
		p := newTab(h).scripts(scripts).signUp(email)
		elsewhere := h.Browser().SignIn(email)
		elsewhere.Want(elsewhere.Post("/profile", "section", "sessions", "action", "end-others"),
			303, "/profile?notice=sessions")
		if scripts {
			p.wake()
			p.at("/sign-in?notice=ended")
		} else {
			p.click("a[href='/profile']").at("/sign-in?notice=ended&next=%2Fprofile")
		}
		p.sees("Your session ended. Sign in to go on.")
		p.fill("#email", email, "#password", testkit.Password).click("form[action='/sign-in'] button[type=submit]")
		p.at(map[bool]string{true: "/dashboard", false: "/profile"}[scripts]).clean()
	})
}

// Two tabs renew at once and both live on; what one signs out of, the other is out of too.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, localhost)
	one := newTab(h).signUp(testkit.Someone())
	two := one.beside().open("/profile").at("/profile")
	for range 3 {
		h.Clock.Advance(11 * time.Minute)
		before := served(h, "POST", "/auth/refresh", 204)
		for _, p := range []*tab{one, two} { // a tab that is asking does not ask twice
			p.until("done asking", `!document.querySelector("#refresh").classList.contains("htmx-request")`)
		}
		testkit.Race(2, func(i int) { _, _ = ask[bool]([]*tab{one, two}[i], wakes) })
		testkit.Eventually(t, "both renewed", func() bool { return served(h, "POST", "/auth/refresh", 204) >= before+2 })
	}
	two.fill("#details-name", "Two Tabs").click("#details button[type=submit]").sees("Saved.")
	one.open("/dashboard").sees("Two Tabs").click("form[action='/auth/sign-out'] button").at("/sign-in?notice=signed-out")
	two.wake()
	two.at("/sign-in?notice=ended").sees("Your session ended.")
	one.clean()
	two.clean()
}

// An access token that runs out while a form is filled costs nothing that was typed.
func TestExpiryInTheMiddleOfAForm(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, scripts bool) {
		h := testkit.NewHouse(t, localhost)
		p := newTab(h).scripts(scripts).signUp(testkit.Someone()).click("a[href='/profile']").at("/profile")
		p.fill("#details-name", "Grace Hopper", "#details-phone", "+44 20 7946 0000")
		h.Clock.Advance(11 * time.Minute)
		p.click("#details button[type=submit]").sees("Saved.")
		p.until("nothing is lost", `document.querySelector("#details-name").value === "Grace Hopper"
			&& document.querySelector("#details-phone").value === "+44 20 7946 0000"`)
		p.clean()
	})
}

// A server that does not answer loses nothing that was typed, and says so.
func TestNoAnswerKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, localhost)
	p := newTab(h).signUp(testkit.Someone()).click("a[href='/profile']").at("/profile").
		fill("#details-name", "Kept Anyway")
	p.offline(true)
	p.click("#details button[type=submit]").sees("No answer came back.")
	p.until("what was typed is kept", `document.querySelector("#details-name").value === "Kept Anyway"`)
	p.offline(false)
	p.click("#details button[type=submit]").sees("Saved.")
	p.do(chromedp.Reload())
	p.until("it is there", `document.querySelector("#details-name")?.value === "Kept Anyway"`)
}
