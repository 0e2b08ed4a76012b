package tests

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/oauth/emulator"
	"gatehouse/app/tests/testkit"
)

// still fails the test when anything was exchanged since before, or somebody is signed in.
func still(b *testkit.Browser, s *testkit.Stand, before int) {
	b.T.Helper()
	if now := s.Exchanges(); now != before {
		b.T.Errorf("%d exchanges for an answer that should have had none", now-before)
	}
	if b.SignedIn() {
		b.T.Error("somebody is signed in")
	}
}

// with is an answer with other values in it; "" takes one out.
func with(back emulator.Answer, pairs ...string) emulator.Answer {
	values := url.Values{}
	for name := range back.Values {
		values.Set(name, back.Values.Get(name))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			values.Del(pairs[i])
		}
	}
	back.Values = values
	return back
}

// An attacker's own answer, code and state and all, in the browser of someone who asked nothing, or
// something else: it would sign them in as the attacker, whose account then gets what they type.
func TestLoginCSRF(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range testkit.Providers {
			person := s.People(provider)[0].ID
			mallory, before := h.Browser(), s.Exchanges()
			back := mallory.Visit(mallory.Begin(provider), person)
			idle := h.Browser()
			idle.Fails(s, idle.Bring(back), provider, "state")
			still(idle, s, before)
			waiting := h.Browser()
			mine := waiting.Begin(provider)
			waiting.Fails(s, waiting.Bring(back), provider, "state")
			still(waiting, s, before)
			waiting.Fails(s, waiting.Bring(waiting.Visit(mine, person)), provider, "state") // their own was spent by the attack
			still(waiting, s, before)
		}
	})
}

// The state counts only when it is the one in the browser's own cookie.
func TestStateOfTheQueryAloneIsNone(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range testkit.Providers {
			before := s.Exchanges()
			for _, state := range []string{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""} {
				b := h.Browser()
				b.Fails(s, b.Bring(with(b.Visit(b.Begin(provider), s.People(provider)[0].ID), "state", state)), provider, "state")
				still(b, s, before)
			}
			b := h.Browser() // the cookie gone, the query whole
			back := b.Visit(b.Begin(provider), s.People(provider)[0].ID)
			b.Keep("oauth", "")
			b.Fails(s, b.Bring(back), provider, "state")
			still(b, s, before)
			forged := h.Browser() // a cookie that nobody sealed
			forged.Keep("oauth", forged.Begin(provider)[:40])
			forged.Fails(s, forged.Bring(back), provider, "state")
			still(forged, s, before)
			b.Fails(s, b.Arrive("/auth/"+provider+"/callback"), provider, "state")
			b.Fails(s, b.Arrive("/auth/"+provider+"/callback?state=&code=x"), provider, "state")
			still(b, s, before)
		}
	})
}

// An answer to one provider's question is none to another's.
func TestMixedUpProviders(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, pair := range [][2]string{{"google", "github"}, {"github", "oidc"}, {"oidc", "google"}, {"twitter", "google"},
			{"apple", "google"}} {
			asked, brought := pair[0], pair[1]
			b, before := h.Browser(), s.Exchanges()
			back := b.Visit(b.Begin(asked), s.People(asked)[0].ID)
			back.URL, back.Method = h.URL+"/auth/"+brought+"/callback", http.MethodGet
			b.Fails(s, b.Bring(back), brought, "state")
			still(b, s, before)
		}
		b, before := h.Browser(), s.Exchanges() // the issuer says in its answer who it is
		s.Breaks("oidc", "iss")
		b.Fails(s, b.Enter("oidc", "ada"), "oidc", "state")
		still(b, s, before)
	})
}

// An answer works once, though its cookie is put back, though the code is a fresh one.
func TestReplayedCallback(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range testkit.Providers {
			person := s.People(provider)[0].ID
			b := h.Browser()
			address := b.Begin(provider)
			flow := b.Cookies()["oauth"]
			back, fresh := b.Visit(address, person), b.Visit(address, person)
			b.Want(b.Bring(back), 303, "/dashboard")
			before := s.Exchanges()
			h.Restart("APP_SECRETS=a secret that was promoted for " + provider + " and is long enough," + h.Env["APP_SECRETS"])
			for _, again := range []emulator.Answer{back, fresh} {
				thief := h.Browser()
				thief.Keep("oauth", flow)
				thief.Fails(s, thief.Bring(again), provider, "state")
				still(thief, s, before)
			}
		}
	})
}

// Of twenty copies of one answer at once, one signs in.
func TestRacingReplays(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		const copies = 20
		b := h.Browser()
		back := b.Visit(b.Begin("google"), "ada")
		path := strings.TrimPrefix(back.URL, h.URL) + "?" + back.Values.Encode()
		browsers, ends, before := make([]*testkit.Browser, copies), make([]testkit.Answer, copies), s.Exchanges()
		for i := range copies {
			browsers[i] = b.Copy()
		}
		testkit.Race(copies, func(i int) { ends[i] = browsers[i].Try("GET", path, nil) })
		in := 0
		for _, end := range ends {
			if end.Status == 303 && end.To() == "/dashboard" {
				in++
			}
		}
		if in != 1 || s.Exchanges() != before+1 {
			t.Errorf("%d signed in by %d exchanges, want one by one", in, s.Exchanges()-before)
		}
	})
}

// A code that was stolen on its way, put into the thief's own flow: the provider holds it to the
// verifier (PKCE), or we hold its ID token to the nonce.
func TestCodeOfAnotherFlow(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for provider, why := range map[string]string{"google": "provider", "github": "provider", "twitter": "provider",
			"oidc": "provider", "apple": "token"} {
			ada, mallory := h.Browser(), h.Browser()
			stolen := ada.Visit(ada.Begin(provider), "ada")
			mine := mallory.Visit(mallory.Begin(provider), s.People(provider)[1].ID)
			mallory.Fails(s, mallory.Bring(with(mine, "code", stolen.Values.Get("code"))), provider, why)
			if mallory.SignedIn() {
				t.Errorf("%s: signed in with a stolen code", provider)
			}
		}
	})
}

func TestForgedIDTokens(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range []string{"google", "apple", "oidc"} {
			for _, forgery := range []string{"signature", "none", "audience", "audiences", "issuer", "nonce", "nononce",
				"expired", "noexp", "athash"} {
				if provider == "oidc" && forgery == "issuer" {
					h.Browser().By("oidc", "ada") // discovery first: the fault is in its document as well
				}
				s.Breaks(provider, forgery)
				b := h.Browser()
				got := b.Enter(provider, "ada")
				b.Fails(s, got, provider, "token")
				if b.SignedIn() {
					t.Errorf("%s: signed in by an ID token with a wrong %s", provider, forgery)
				}
				s.Breaks(provider, "")
			}
		}
		s.Breaks("google", "stranger")
		b := h.Browser()
		b.Fails(s, b.Enter("google", "slim"), "google", "token")
		s.Breaks("oidc", "stranger")
		b.Fails(s, b.Enter("oidc", "slim"), "oidc", "token")
	})
}

// next leads nowhere but here, wherever it is put.
func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/%5cevil.example/..//",
		"/\t/evil.example", "javascript:alert(1)", "evil", "/\r\nSet-Cookie: a=b"} {
		b := h.Browser()
		got := b.Bring(b.Visit(b.Begin("google", "next="+url.QueryEscape(next)), "ada"))
		if to, err := url.Parse(got.To()); err != nil || got.Status != 303 || to.Host != "" ||
			!strings.HasPrefix(got.To(), "/") || strings.HasPrefix(got.To(), "//") || strings.Contains(got.To(), `\`) {
			t.Errorf("next %q led to %q", next, got.To())
		}
		other := h.Browser() // and a next in the answer has no say at all
		other.Want(other.Bring(with(other.Visit(other.Begin("google"), "ada"), "next", next)), 303, "/dashboard")
	}
}

// A flow that took more than ten minutes is over.
func TestFlowExpires(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range testkit.Providers {
			b := h.Browser()
			address := b.Begin(provider)
			flow := b.Cookies()["oauth"]
			h.Clock.Advance(11 * time.Minute)
			back, before := b.Visit(address, s.People(provider)[0].ID), s.Exchanges()
			b.Keep("oauth", flow) // a browser that keeps it longer than it was told to
			b.Fails(s, b.Bring(back), provider, "state")
			still(b, s, before)
		}
	})
}

// What the provider will not or cannot do ends on a page that says so.
func TestProviderRefusals(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		for _, provider := range testkit.Providers {
			b, before := h.Browser(), s.Exchanges()
			b.Fails(s, b.Enter(provider, "cancel"), provider, "denied")
			still(b, s, before)
			refused := h.Browser()
			back := refused.Visit(refused.Begin(provider), "cancel")
			refused.Fails(s, refused.Bring(with(back, "error", "server_error"+strings.Repeat("<script>", 20))), provider,
				"provider")
			for fault, why := range map[string]string{"token-500": "unavailable", "token-429": "limited",
				"token-200error": "provider", "token-garbage": "provider", "token-oversize": "provider",
				"token-redirect": "provider"} {
				s.Breaks(provider, fault)
				b := h.Browser()
				b.Fails(s, b.Enter(provider, s.People(provider)[0].ID), provider, why)
				if b.SignedIn() {
					t.Errorf("%s %s: signed in", provider, fault)
				}
				s.Breaks(provider, "")
			}
		}
		for fault, why := range map[string]string{"profile-500": "unavailable", "profile-429": "limited",
			"profile-garbage": "provider", "subject": "provider"} {
			for _, provider := range []string{"github", "twitter"} {
				s.Breaks(provider, fault)
				b := h.Browser()
				b.Fails(s, b.Enter(provider, "ada"), provider, why)
				s.Breaks(provider, "")
			}
		}
	})
}

// A provider that does not answer costs one person some seconds, and nobody else anything.
func TestSlowProviderIsBounded(t *testing.T) {
	t.Parallel()
	h, s := testkit.NewEmulated(t)
	s.Breaks("google", "token-slow")
	slow, began := h.Browser(), time.Now()
	back := slow.Visit(slow.Begin("google"), "ada")
	done := make(chan testkit.Answer)
	go func() {
		done <- slow.Try(http.MethodGet, strings.TrimPrefix(back.URL, h.URL)+"?"+back.Values.Encode(), nil)
	}()
	h.Browser().By("github", "ada")
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("GitHub waited %s for Google", took)
	}
	slow.Fails(s, <-done, "google", "unavailable")
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Google was waited for %s", took)
	}
}

// An issuer whose discovery fails delays nobody and breaks nothing else.
func TestIssuerThatIsDown(t *testing.T) {
	t.Parallel()
	h, s := testkit.NewEmulated(t)
	s.Breaks("oidc", "discovery-500")
	b := h.Browser()
	b.Fails(s, b.Get("/auth/oidc"), "oidc", "unavailable")
	b.By("google", "ada")
	s.Breaks("oidc", "")
	h.Clock.Advance(6 * time.Second)
	h.Browser().By("oidc", "ada")
}

// A closed account is closed to its providers too.
func TestClosedAccountStaysClosed(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		owner := h.Browser().By("google", "ada").User()
		if err := h.DB.Users.SetDisabled(t.Context(), owner, true, h.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		for _, provider := range []string{"google", "oidc"} { // the identity it has, and one that would join
			b := h.Browser()
			b.Fails(s, b.Enter(provider, "ada"), provider, "closed")
		}
	})
}

// Who is not configured, or is nobody, is not here: no button, no route.
func TestUnknownProviders(t *testing.T) {
	t.Parallel()
	clock := &testkit.Clock{}
	s := testkit.NewStand(t, clock)
	h := testkit.NewHouseAt(t, clock, "OAUTH_EMULATOR="+s.URL, "GITHUB_CLIENT_ID=demo",
		"GITHUB_CLIENT_SECRET="+testkit.RegisteredSecret)
	b := h.Browser()
	for _, page := range []string{"/sign-in", "/sign-up"} {
		body := b.Get(page).Body
		if !strings.Contains(body, "/auth/github") || strings.Contains(body, "/auth/google") ||
			strings.Contains(body, "/auth/apple") {
			t.Errorf("%s: the buttons: %s", page, testkit.Text(body))
		}
	}
	for _, name := range []string{"google", "apple", "oidc", "nobody", "GitHub", "github%2F..", "error%00"} {
		if got := b.Get("/auth/" + name); got.Status != 404 {
			t.Errorf("GET /auth/%s: %d to %q", name, got.Status, got.To())
		}
		if got := b.Get("/auth/" + name + "/callback?code=a&state=b"); got.Status != 404 {
			t.Errorf("GET /auth/%s/callback: %d to %q", name, got.Status, got.To())
		}
	}
	if got := b.Post("/auth/apple/callback", "state", "a", "code", "b"); got.Status != 404 {
		t.Errorf("POST to Apple's callback: %d", got.Status)
	}
	plain := testkit.NewHouse(t)
	if page := plain.Browser().Get("/sign-in"); strings.Contains(page.Body, "/auth/g") ||
		strings.Contains(testkit.Text(page.Body), "Continue with") {
		t.Errorf("without any provider: %s", testkit.Text(page.Body))
	}
}

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

// Limits stand before the provider's routes as well.
func TestProviderRoutesAreLimited(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t, "LIMITS=on")
	b := h.Browser()
	refused, taken := spend(b, 60, time.Second, func(int) testkit.Answer { return b.Get("/auth/google") })
	if taken < 60 || refused.Header.Get("Retry-After") == "" {
		t.Errorf("refused after %d, Retry-After %q", taken, refused.Header.Get("Retry-After"))
	}
}
