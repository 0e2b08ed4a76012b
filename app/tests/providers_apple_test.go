package tests

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// Apple posts its answer from its own site, without our cookies: the form comes back by a GET, and
// only that GET, with the cookie, signs in.
func TestApplePostsFromItsOwnSite(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Browser()
		back := b.Visit(b.Begin("apple"), "ada")
		if back.Method != http.MethodPost || back.Values.Get("user") == "" {
			t.Fatalf("Apple answers by %s: %v", back.Method, back.Values)
		}
		posted := b.PostCrossSite("/auth/apple/callback", back.Values)
		b.Want(posted, 303, posted.To())
		if strings.Contains(posted.To(), back.Values.Get("code")) || strings.Contains(posted.To(), back.Values.Get("state")) {
			t.Error("the address tells the form")
		}
		flow, before := b.Cookies()["oauth"], s.Exchanges()
		h.Clock.Advance(61 * time.Second)
		b.Fails(s, b.Arrive(posted.To()), "apple", "state") // a minute later
		still(b, s, before)

		b.Keep("oauth", flow)
		posted = b.PostCrossSite("/auth/apple/callback", back.Values)
		other := h.Browser()
		other.Begin("apple")
		other.Fails(s, other.Arrive(posted.To()), "apple", "state") // in another browser
		still(other, s, before)
		for _, broken := range []string{"x", posted.To()[len("/auth/apple/callback?form="):][:50], flow} {
			thief := b.Copy()
			thief.Keep("oauth", flow)
			thief.Want(thief.Arrive("/auth/apple/callback?form="+broken), 303, testkit.CallbackError+"state&provider=apple")
			still(thief, s, before)
		}
		thief := h.Browser() // sealed for Apple, of no use elsewhere
		thief.Begin("google")
		thief.Want(thief.Arrive("/auth/google/callback?"+strings.SplitN(posted.To(), "?", 2)[1]),
			303, testkit.CallbackError+"state&provider=google")
		if huge := b.PostCrossSite("/auth/apple/callback",
			url.Values{"user": {strings.Repeat("x", 5000)}}); huge.Status != 400 {
			t.Errorf("a form of 5 KB: %d", huge.Status)
		}
	})
}

// Apple tells the name once; it comes through the browser, so it is only ever text.
func TestAppleNames(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Browser()
		hostile := `{"name":{"firstName":"<script>alert(1)</script>",` +
			`"lastName":"\u202eevil\u0000\nX-Header: y"},"email":"ada@gmail.com"}`
		b.Want(b.Bring(with(b.Visit(b.Begin("apple"), "relay"), "user", hostile)), 303, "/dashboard")
		user := b.User()
		if kept := userOf(h, user); kept.Email != "x7k2p9@privaterelay.appleid.com" ||
			strings.ContainsAny(kept.Name, "\n\x00") {
			t.Errorf("made %+v", kept)
		}
		for _, page := range []string{"/dashboard", "/profile", "/"} {
			if body := b.Get(page).Body; strings.Contains(body, "<script>alert") || !strings.Contains(body, "alert(1)") {
				t.Errorf("%s: the name is more than text, or gone", page)
			}
		}
		b.Want(b.Post("/profile", "section", "details", "name", "Grace", "phone", ""), 303, "/profile?notice=saved")
		again := h.Browser()
		again.Want(again.Bring(with(again.Visit(again.Begin("apple"), "relay"), "user", hostile)), 303, "/dashboard")
		if kept := userOf(h, user); again.User() != user || kept.Name != "Grace" {
			t.Errorf("the second time it became %q", kept.Name)
		}
		for _, odd := range []string{`{"name":null}`, `[]`, `{"name":{"firstName":7}}`, `{`} {
			b := h.Browser()
			b.Want(b.Bring(with(b.Visit(b.Begin("apple"), "nobody"), "user", odd)), 303, "/dashboard")
		}
	})
}
