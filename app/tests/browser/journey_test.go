package browser

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatehouse/app/tests/testkit"
)

// A person signs up, changes the profile, signs out, and cannot go back.
func TestJourneyInChromium(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, scripts bool) {
		h := testkit.NewHouse(t, localhost)
		p, email := newTab(h).scripts(scripts), testkit.Someone()
		p.open("/").click("a[href='/sign-up']").at("/sign-up")
		p.signUp(email).click("a[href='/profile']").at("/profile")
		before := p.documents()
		p.fill("#details-name", "Augusta King").click("#details button[type=submit]")
		if scripts {
			p.sees("Saved.")
			if p.documents() != before {
				t.Error("a change in place loaded a page")
			}
			p.until("the answer has the focus", `document.activeElement.innerText.includes("Saved.")`)
		} else {
			p.at("/profile?notice=saved").sees("Saved.")
		}
		p.open("/dashboard").sees("Augusta King")
		p.click("form[action='/auth/sign-out'] button").at("/sign-in?notice=signed-out").sees("You are signed out.")
		p.do(chromedp.NavigateBack())
		p.until("back is no dashboard",
			`document.readyState === "complete" && !document.body.innerText.includes("Augusta King")`)
		p.signIn(email).sees("Augusta King")
		p.clean()
	})
}

// A mistake is answered in the form it was made in: what was typed stays, passwords do not, and the
// summary has the focus.
func TestMistakesInChromium(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, scripts bool) {
		h := testkit.NewHouse(t, localhost)
		email := testkit.Someone()
		h.Member(email)
		p := newTab(h).scripts(scripts).open("/sign-in?next=%2Fprofile")
		before := p.documents()
		p.fill("#email", email, "#password", "not the way at all").click("form[action='/sign-in'] button[type=submit]")
		p.sees("Wrong email or password.")
		p.until("what was typed is kept, and the password is not",
			`document.querySelector("#email").value === `+quote(email)+` && document.querySelector("#password").value === ""`)
		p.until("the summary has the focus", `document.activeElement.getAttribute("role") === "alert"`)
		if scripts && (p.documents() != before || p.where() != "/sign-in?next=%2Fprofile") {
			t.Error("a mistake loaded a page")
		}
		p.fill("#password", testkit.Password).click("form[action='/sign-in'] button[type=submit]").at("/profile")

		other := newTab(h).scripts(scripts)
		stranger := testkit.Someone()
		other.open("/sign-up").fill("#name", "Grace", "#email", stranger, "#password", testkit.Password).
			click("form[action='/sign-up'] button[type=submit]").at("/verify")
		code := h.Code(stranger)
		other.fill("#code", wrongCode(code)).click("form[action='/verify'] button[type=submit]").sees("That is not the code.")
		other.until("the field is tied to its error", `document.querySelector("#code").getAttribute("aria-invalid") === "true"
			&& document.getElementById(document.querySelector("#code")
				.getAttribute("aria-describedby").split(" ")[0]).innerText.includes("not the code")`)
		other.fill("#code", code).click("form[action='/verify'] button[type=submit]").at("/dashboard")
		p.clean()
		other.clean()
	})
}

// wrongCode is a code that is none of a person's.
func wrongCode(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// Two quick presses send a form once.
func TestDoubleClickSendsOnce(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, localhost)
	email := testkit.Someone()
	h.Member(email)
	p := newTab(h).open("/sign-in").fill("#email", email, "#password", testkit.Password)
	p.do(chromedp.DoubleClick(chromedp.CSS("form[action='/sign-in'] button[type=submit]")))
	p.at("/dashboard").click("a[href='/profile']").at("/profile").fill("#details-name", "Twice")
	p.do(chromedp.DoubleClick(chromedp.CSS("#details button[type=submit]")))
	p.sees("Saved.")
	// A plain form leaves before a second press can be counted, so its leaving is held back; and a key
	// presses where a pointer no longer can.
	if _, err := ask[bool](p, `(() => {
		sent = 0;
		addEventListener("submit", (event) => { sent++; event.preventDefault(); });
		const form = document.querySelector("form[action='/auth/sign-out']");
		form.requestSubmit();
		form.requestSubmit();
		return true;
	})()`); err != nil {
		t.Fatal(err)
	}
	p.until("sent once", `sent === 1`)
	p.open("/dashboard").do(chromedp.DoubleClick(chromedp.CSS("form[action='/auth/sign-out'] button")))
	p.at("/sign-in?notice=signed-out")
	if in, saved, out := served(h, "POST", "/sign-in", 303)+served(h, "POST", "/sign-in", 204),
		served(h, "POST", "/profile", 200), served(h, "POST", "/auth/sign-out", 303); in != 1 || saved != 1 || out != 1 {
		t.Errorf("signed in %d times, saved %d times, signed out %d times", in, saved, out)
	}
	p.clean()
}

// Without a mouse: Tab from the top of the page reaches every field in order, Enter sends.
func TestKeyboardSignsIn(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, localhost)
	email := testkit.Someone()
	h.Member(email)
	p := newTab(h).open("/sign-in")
	p.tabTo("a[href='#content']")
	p.do(chromedp.KeyEvent(kb.Enter)) // skip to the content
	p.until("skipped to the content", `document.activeElement.id === "content"`)
	p.tabTo("#email")
	p.do(chromedp.KeyEvent(email))
	p.tabTo("#password")
	p.do(chromedp.KeyEvent(testkit.Password))
	p.tabTo("input[name=remember]")
	p.tabTo("form[action='/sign-in'] button[type=submit]")
	p.until("the focus can be seen", `getComputedStyle(document.activeElement).outlineStyle !== "none"
		&& parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.at("/dashboard")
	p.tabTo("form[action='/auth/sign-out'] button")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.at("/sign-in?notice=signed-out").clean()
}

// A photo as a phone takes it is larger than what the server accepts: the page sends it smaller.
func TestLargePhotoIsSentSmaller(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, localhost)
	photo := image.NewRGBA(image.Rect(0, 0, 1600, 1200))
	_, _ = rand.NewChaCha8([32]byte{}).Read(photo.Pix) // noise, which no format makes small
	for i := 3; i < len(photo.Pix); i += 4 {
		photo.Pix[i] = 255
	}
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, photo); err != nil || encoded.Len() < 5<<20 {
		t.Fatal(err, encoded.Len())
	}
	file := filepath.Join(t.TempDir(), "photo.png")
	if err := os.WriteFile(file, encoded.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newTab(h).signUp(testkit.Someone()).open("/profile")
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#picture-file"), []string{file}))
	p.click("#picture form button[type=submit]").sees("Saved.")
	p.until("the picture is there", `document.querySelector("#picture img")?.naturalWidth === 256`)
	p.clean()
}
