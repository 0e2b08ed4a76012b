package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"gatehouse/app/tests/testkit"
)

// flaws lists what is wrong with the page that is open, at its width.
const flaws = `(() => {
	const found = [], all = (selector) => [...document.querySelectorAll(selector)];
	const shown = (e) => e.getClientRects().length > 0;
	if (document.documentElement.scrollWidth > innerWidth) {
		const wide = all("body *")
			.filter((e) => shown(e) && e.getBoundingClientRect().right > innerWidth + 1)
			.map((e) => e.outerHTML.slice(0, 80));
		found.push("scrolls sideways: " + document.documentElement.scrollWidth + " in " + innerWidth + ": " +
			wide.slice(0, 3));
	}
	if (all("h1").length !== 1) found.push(all("h1").length + " h1");
	if (document.documentElement.lang !== "en") found.push("no lang");
	if (all("main").length !== 1) found.push("no main");
	if (!document.title.trim()) found.push("no title");
	for (const field of all("input:not([type=hidden]), select, textarea").filter(shown))
		if (!field.labels.length && !field.ariaLabel) found.push("no label: " + field.outerHTML);
	for (const pressed of all("a, button").filter(shown)) {
		if (!(pressed.innerText.trim() || pressed.ariaLabel || pressed.textContent.trim()))
			found.push("says nothing: " + pressed.outerHTML.slice(0, 120));
	}
	for (const pressed of all("button, main a:not(p a, li a), input:not([type=hidden], [type=checkbox])").filter(shown)) {
		const { height } = pressed.getBoundingClientRect();
		if (height < 43.5) found.push("only " + height + " px high: " + pressed.outerHTML.slice(0, 120));
	}
	for (const img of all("img"))
		if (!img.hasAttribute("alt") || !img.hasAttribute("width")) found.push("img: " + img.outerHTML);
	const ids = all("[id]").map((e) => e.id);
	for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) found.push("id twice: " + id);
	for (const e of all("[aria-describedby], [aria-labelledby], [aria-controls]"))
		for (const name of ["aria-describedby", "aria-labelledby", "aria-controls"])
			for (const id of (e.getAttribute(name) || "").split(" ").filter(Boolean))
				if (!document.getElementById(id)) found.push(name + " leads nowhere: " + id);
	return found.join("\n");
})()`

// sound fails the test for each flaw of the open page on a small phone, a phone and a desk.
func (p *tab) sound(what string) {
	p.t.Helper()
	for _, width := range []int64{320, 390, 1280} {
		p.do(chromedp.EmulateViewport(width, 800))
		found, err := ask[string](p, flaws)
		if err != nil {
			p.t.Fatal(err)
		}
		for flaw := range strings.SplitSeq(found, "\n") {
			if flaw != "" {
				p.t.Errorf("%s at %d px: %s", what, width, flaw)
			}
		}
	}
}

// Every page, on a phone and on a desk, for guests and for a person with everything long.
func TestPagesAreSound(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t, localhost)
	p := newTab(h)
	for _, path := range []string{"/", "/sign-in", "/sign-in?notice=ended&next=%2Fprofile", "/sign-up", "/forgot",
		"/reset", "/auth/error?why=token&provider=google", "/nothing/here", "/dev/mail"} {
		p.open(path).sound(path)
	}
	press := "button[type=submit]"
	p.open("/sign-in").fill("#email", "x", "#password", "x").click("form[action='/sign-in'] " + press).
		sees("Enter an address").sound("a mistake at sign-in")
	p.open("/sign-up").click("form[action='/sign-up'] "+press).
		until("answered", `document.querySelector("[role=alert]") !== null`).sound("mistakes at sign-up")
	long := strings.Repeat("l", 60) + "@" + strings.Repeat("long.", 20) + "example.com"
	p.open("/forgot").fill("#email", long).click("form[action='/forgot'] " + press).at("/reset").sees(long).sound("/reset")

	p.open("/sign-up").fill("#name", strings.Repeat("Wolfeschlegelsteinhausen", 4), "#email", long, "#password",
		testkit.Password).click("form[action='/sign-up'] " + press)
	p.at("/verify").sound("/verify")
	p.fill("#code", wrongCode(h.Code(long))).click("form[action='/verify'] " + press).sees("That is not the code.").
		sound("a wrong code")
	p.open("/sign-up").fill("#name", strings.Repeat("Wolfeschlegelsteinhausen", 4), "#email", long, "#password",
		testkit.Password).click("form[action='/sign-up'] " + press)
	p.at("/verify").fill("#code", h.Code(long)).click("form[action='/verify'] " + press).at("/dashboard")
	h.Browser().SignIn(long)
	p.open("/profile").click("button[aria-label='Connect Google']").click("#person-grace").at("/profile?notice=linked")
	for _, path := range []string{"/", "/dashboard", "/profile", "/profile?notice=saved", "/profile?section=delete",
		"/confirm", "/auth/error?why=taken&provider=apple", "/nothing/here", "/dev/mail"} {
		p.open(path).sound("signed in, " + path)
	}
	p.open("/profile").fill("#details-name", " ").click("#details "+press).
		until("answered", `document.querySelector("#details [role=alert]") !== null`).sound("a mistake on the profile")
	p.clean()
}

// The script has no words of its own: the page hands them over, for the button and for those who hear it.
func TestPasswordIsShownAndCovered(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t, localhost)
	p := newTab(h).open("/sign-in").fill("#password", "x")
	const says = `(() => { const b = document.querySelector("[data-reveal=password]");
		return [b.textContent, b.ariaLabel, document.getElementById("password").type].join(", ") === %q })()`
	for _, want := range []string{"Hide, Hide password, text", "Show, Show password, password"} {
		p.click("[data-reveal=password]").until(want, fmt.Sprintf(says, want))
	}
	p.clean()
}
