package browser

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"gatehouse/app/tests/testkit"
)

// cookie is what the tab's browser holds, HttpOnly or not.
func (p *tab) cookie(name string) string {
	p.t.Helper()
	found, err := chromedp.Call(p.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{p.url}})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, cookie := range found.Cookies {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	p.t.Fatalf("no cookie %s", name)
	return ""
}

// The page asks /auth/session once after each refresh, so that an idle tab acknowledges the successor it got.
// A thief who rides along one step behind is caught at the first trade after the grace (reuse detection).
func TestThiefBesideAnIdleTabIsCaught(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, localhost)
	email := testkit.Someone()
	p := newTab(h).signUp(email)
	thief := h.Browser()
	thief.Keep("refresh", p.cookie("refresh"))
	h.Clock.Advance(11 * time.Minute)
	p.wake()
	testkit.Eventually(t, "the tab renewed its session",
		func() bool { return served(h, "POST", "/auth/refresh", 204) == 1 })
	testkit.Eventually(t, "and asked who it is", func() bool { return served(h, "GET", "/auth/session", 200) == 1 })
	user, err := h.DB.Users.ByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	h.Confirmed(user.ID)
	h.Clock.Advance(31 * time.Second)
	if got := thief.Post("/auth/refresh"); got.Status != 401 {
		t.Errorf("the thief, one step behind: %d", got.Status)
	}
	h.MailAbout(email, "A session of yours was ended")
	p.wake()
	p.at("/sign-in?notice=ended").clean()
}
