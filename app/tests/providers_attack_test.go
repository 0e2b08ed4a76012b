package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/oauth/emulator"
)

// still fails the test when anything was exchanged since before, or somebody is signed in.
func (b *browser) still(s *stand, before int) {
	b.t.Helper()
	if now := s.exchanges(); now != before {
		b.t.Errorf("%d exchanges for an answer that should have had none", now-before)
	}
	if b.signedIn() {
		b.t.Error("somebody is signed in")
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
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range providers {
			person := s.People(provider)[0].ID
			mallory, before := h.browser(), s.exchanges()
			back := mallory.visit(mallory.begin(provider), person)
			idle := h.browser()
			idle.fails(s, idle.bring(back), provider, "state")
			idle.still(s, before)
			waiting := h.browser()
			mine := waiting.begin(provider)
			waiting.fails(s, waiting.bring(back), provider, "state")
			waiting.still(s, before)
			waiting.fails(s, waiting.bring(waiting.visit(mine, person)), provider, "state") // their own was spent by the attack
			waiting.still(s, before)
		}
	})
}

// The state counts only when it is the one in the browser's own cookie.
func TestStateOfTheQueryAloneIsNone(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range providers {
			before := s.exchanges()
			for _, state := range []string{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""} {
				b := h.browser()
				b.fails(s, b.bring(with(b.visit(b.begin(provider), s.People(provider)[0].ID), "state", state)), provider, "state")
				b.still(s, before)
			}
			b := h.browser() // the cookie gone, the query whole
			back := b.visit(b.begin(provider), s.People(provider)[0].ID)
			b.keep("oauth", "")
			b.fails(s, b.bring(back), provider, "state")
			b.still(s, before)
			forged := h.browser() // a cookie that nobody sealed
			forged.keep("oauth", forged.begin(provider)[:40])
			forged.fails(s, forged.bring(back), provider, "state")
			forged.still(s, before)
			b.fails(s, b.arrive("/auth/"+provider+"/callback"), provider, "state")
			b.fails(s, b.arrive("/auth/"+provider+"/callback?state=&code=x"), provider, "state")
			b.still(s, before)
		}
	})
}

// An answer to one provider's question is none to another's.
func TestMixedUpProviders(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, pair := range [][2]string{{"google", "github"}, {"github", "oidc"}, {"oidc", "google"}, {"twitter", "google"}, {"apple", "google"}} {
			asked, brought := pair[0], pair[1]
			b, before := h.browser(), s.exchanges()
			back := b.visit(b.begin(asked), s.People(asked)[0].ID)
			back.URL, back.Method = h.url+"/auth/"+brought+"/callback", http.MethodGet
			b.fails(s, b.bring(back), brought, "state")
			b.still(s, before)
		}
		b, before := h.browser(), s.exchanges() // the issuer says in its answer who it is
		s.breaks("oidc", "iss")
		b.fails(s, b.enter("oidc", "ada"), "oidc", "state")
		b.still(s, before)
	})
}

// An answer works once, though its cookie is put back, though the code is a fresh one.
func TestReplayedCallback(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range providers {
			person := s.People(provider)[0].ID
			b := h.browser()
			address := b.begin(provider)
			flow := b.cookies()["oauth"]
			back, fresh := b.visit(address, person), b.visit(address, person)
			b.want(b.bring(back), 303, "/dashboard")
			before := s.exchanges()
			h.restart("APP_SECRETS=a secret that was promoted for " + provider + " and is long enough," + h.env["APP_SECRETS"])
			for _, again := range []emulator.Answer{back, fresh} {
				thief := h.browser()
				thief.keep("oauth", flow)
				thief.fails(s, thief.bring(again), provider, "state")
				thief.still(s, before)
			}
		}
	})
}

// Of twenty copies of one answer at once, one signs in.
func TestRacingReplays(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		const copies = 20
		b := h.browser()
		back := b.visit(b.begin("google"), "ada")
		path := strings.TrimPrefix(back.URL, h.url) + "?" + back.Values.Encode()
		browsers, ends, before := make([]*browser, copies), make([]answer, copies), s.exchanges()
		for i := range copies {
			browsers[i] = b.copy()
		}
		race(copies, func(i int) { ends[i] = browsers[i].try("GET", path, nil) })
		in := 0
		for _, end := range ends {
			if end.status == 303 && end.to() == "/dashboard" {
				in++
			}
		}
		if in != 1 || s.exchanges() != before+1 {
			t.Errorf("%d signed in by %d exchanges, want one by one", in, s.exchanges()-before)
		}
	})
}

// A code that was stolen on its way, put into the thief's own flow: the provider holds it to the
// verifier (PKCE), or we hold its ID token to the nonce.
func TestCodeOfAnotherFlow(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for provider, why := range map[string]string{"google": "provider", "github": "provider", "twitter": "provider", "oidc": "provider", "apple": "token"} {
			ada, mallory := h.browser(), h.browser()
			stolen := ada.visit(ada.begin(provider), "ada")
			mine := mallory.visit(mallory.begin(provider), s.People(provider)[1].ID)
			mallory.fails(s, mallory.bring(with(mine, "code", stolen.Values.Get("code"))), provider, why)
			if mallory.signedIn() {
				t.Errorf("%s: signed in with a stolen code", provider)
			}
		}
	})
}

func TestForgedIDTokens(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range []string{"google", "apple", "oidc"} {
			for _, forgery := range []string{"signature", "none", "audience", "audiences", "issuer", "nonce", "nononce", "expired", "noexp", "athash"} {
				if provider == "oidc" && forgery == "issuer" {
					h.browser().by("oidc", "ada") // discovery first: the fault is in its document as well
				}
				s.breaks(provider, forgery)
				b := h.browser()
				got := b.enter(provider, "ada")
				b.fails(s, got, provider, "token")
				if b.signedIn() {
					t.Errorf("%s: signed in by an ID token with a wrong %s", provider, forgery)
				}
				s.breaks(provider, "")
			}
		}
		s.breaks("google", "stranger")
		b := h.browser()
		b.fails(s, b.enter("google", "slim"), "google", "token")
		s.breaks("oidc", "stranger")
		b.fails(s, b.enter("oidc", "slim"), "oidc", "token")
	})
}

// next leads nowhere but here, wherever it is put.
func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t)
	for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/%5cevil.example/..//", "/\t/evil.example", "javascript:alert(1)", "evil", "/\r\nSet-Cookie: a=b"} {
		b := h.browser()
		got := b.bring(b.visit(b.begin("google", "next="+url.QueryEscape(next)), "ada"))
		if to, err := url.Parse(got.to()); err != nil || got.status != 303 || to.Host != "" || !strings.HasPrefix(got.to(), "/") || strings.HasPrefix(got.to(), "//") || strings.Contains(got.to(), `\`) {
			t.Errorf("next %q led to %q", next, got.to())
		}
		other := h.browser() // and a next in the answer has no say at all
		other.want(other.bring(with(other.visit(other.begin("google"), "ada"), "next", next)), 303, "/dashboard")
	}
}

// A flow that took more than ten minutes is over.
func TestFlowExpires(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range providers {
			b := h.browser()
			address := b.begin(provider)
			flow := b.cookies()["oauth"]
			h.clock.advance(11 * time.Minute)
			back, before := b.visit(address, s.People(provider)[0].ID), s.exchanges()
			b.keep("oauth", flow) // a browser that keeps it longer than it was told to
			b.fails(s, b.bring(back), provider, "state")
			b.still(s, before)
		}
	})
}

// What the provider will not or cannot do ends on a page that says so.
func TestProviderRefusals(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		for _, provider := range providers {
			b, before := h.browser(), s.exchanges()
			b.fails(s, b.enter(provider, "cancel"), provider, "denied")
			b.still(s, before)
			refused := h.browser()
			back := refused.visit(refused.begin(provider), "cancel")
			refused.fails(s, refused.bring(with(back, "error", "server_error"+strings.Repeat("<script>", 20))), provider, "provider")
			for fault, why := range map[string]string{"token-500": "unavailable", "token-429": "limited", "token-200error": "provider", "token-garbage": "provider", "token-oversize": "provider", "token-redirect": "provider"} {
				s.breaks(provider, fault)
				b := h.browser()
				b.fails(s, b.enter(provider, s.People(provider)[0].ID), provider, why)
				if b.signedIn() {
					t.Errorf("%s %s: signed in", provider, fault)
				}
				s.breaks(provider, "")
			}
		}
		for fault, why := range map[string]string{"profile-500": "unavailable", "profile-429": "limited", "profile-garbage": "provider", "subject": "provider"} {
			for _, provider := range []string{"github", "twitter"} {
				s.breaks(provider, fault)
				b := h.browser()
				b.fails(s, b.enter(provider, "ada"), provider, why)
				s.breaks(provider, "")
			}
		}
	})
}

// A provider that does not answer costs one person some seconds, and nobody else anything.
func TestSlowProviderIsBounded(t *testing.T) {
	t.Parallel()
	h, s := newEmulated(t)
	s.breaks("google", "token-slow")
	slow, began := h.browser(), time.Now()
	back := slow.visit(slow.begin("google"), "ada")
	done := make(chan answer)
	go func() {
		done <- slow.try(http.MethodGet, strings.TrimPrefix(back.URL, h.url)+"?"+back.Values.Encode(), nil)
	}()
	h.browser().by("github", "ada")
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("GitHub waited %s for Google", took)
	}
	slow.fails(s, <-done, "google", "unavailable")
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Google was waited for %s", took)
	}
}

// An issuer whose discovery fails delays nobody and breaks nothing else.
func TestIssuerThatIsDown(t *testing.T) {
	t.Parallel()
	h, s := newEmulated(t)
	s.breaks("oidc", "discovery-500")
	b := h.browser()
	b.fails(s, b.get("/auth/oidc"), "oidc", "unavailable")
	b.by("google", "ada")
	s.breaks("oidc", "")
	h.clock.advance(6 * time.Second)
	h.browser().by("oidc", "ada")
}

// A closed account is closed to its providers too.
func TestClosedAccountStaysClosed(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		owner := h.browser().by("google", "ada").user()
		if err := h.DB.Users.SetDisabled(t.Context(), owner, true, h.clock.now()); err != nil {
			t.Fatal(err)
		}
		for _, provider := range []string{"google", "oidc"} { // the identity it has, and one that would join
			b := h.browser()
			b.fails(s, b.enter(provider, "ada"), provider, "closed")
		}
	})
}

// Who is not configured, or is nobody, is not here: no button, no route.
func TestUnknownProviders(t *testing.T) {
	t.Parallel()
	clock := &clock{}
	s := newStand(t, clock)
	h := newHouseAt(t, clock, "OAUTH_EMULATOR="+s.url, "GITHUB_CLIENT_ID=demo", "GITHUB_CLIENT_SECRET="+registeredSecret)
	b := h.browser()
	for _, page := range []string{"/sign-in", "/sign-up"} {
		body := b.get(page).body
		if !strings.Contains(body, "/auth/github") || strings.Contains(body, "/auth/google") || strings.Contains(body, "/auth/apple") {
			t.Errorf("%s: the buttons: %s", page, text(body))
		}
	}
	for _, name := range []string{"google", "apple", "oidc", "nobody", "GitHub", "github%2F..", "error%00"} {
		if got := b.get("/auth/" + name); got.status != 404 {
			t.Errorf("GET /auth/%s: %d to %q", name, got.status, got.to())
		}
		if got := b.get("/auth/" + name + "/callback?code=a&state=b"); got.status != 404 {
			t.Errorf("GET /auth/%s/callback: %d to %q", name, got.status, got.to())
		}
	}
	if got := b.post("/auth/apple/callback", "state", "a", "code", "b"); got.status != 404 {
		t.Errorf("POST to Apple's callback: %d", got.status)
	}
	plain := newHouse(t)
	if page := plain.browser().get("/sign-in"); strings.Contains(page.body, "/auth/g") || strings.Contains(text(page.body), "Continue with") {
		t.Errorf("without any provider: %s", text(page.body))
	}
}

// Apple posts its answer from its own site, without our cookies: the form comes back by a GET, and
// only that GET, with the cookie, signs in.
func TestApplePostsFromItsOwnSite(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		b := h.browser()
		back := b.visit(b.begin("apple"), "ada")
		if back.Method != http.MethodPost || back.Values.Get("user") == "" {
			t.Fatalf("Apple answers by %s: %v", back.Method, back.Values)
		}
		posted := b.postCrossSite("/auth/apple/callback", back.Values)
		b.want(posted, 303, posted.to())
		if strings.Contains(posted.to(), back.Values.Get("code")) || strings.Contains(posted.to(), back.Values.Get("state")) {
			t.Error("the address tells the form")
		}
		flow, before := b.cookies()["oauth"], s.exchanges()
		h.clock.advance(61 * time.Second)
		b.fails(s, b.arrive(posted.to()), "apple", "state") // a minute later
		b.still(s, before)

		b.keep("oauth", flow)
		posted = b.postCrossSite("/auth/apple/callback", back.Values)
		other := h.browser()
		other.begin("apple")
		other.fails(s, other.arrive(posted.to()), "apple", "state") // in another browser
		other.still(s, before)
		for _, broken := range []string{"x", posted.to()[len("/auth/apple/callback?form="):][:50], flow} {
			thief := b.copy()
			thief.keep("oauth", flow)
			thief.want(thief.arrive("/auth/apple/callback?form="+broken), 303, callbackError+"state&provider=apple")
			thief.still(s, before)
		}
		thief := h.browser() // sealed for Apple, of no use elsewhere
		thief.begin("google")
		thief.want(thief.arrive("/auth/google/callback?"+strings.SplitN(posted.to(), "?", 2)[1]), 303, callbackError+"state&provider=google")
		if huge := b.postCrossSite("/auth/apple/callback", url.Values{"user": {strings.Repeat("x", 5000)}}); huge.status != 400 {
			t.Errorf("a form of 5 KB: %d", huge.status)
		}
	})
}

// Apple tells the name once; it comes through the browser, so it is only ever text.
func TestAppleNames(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		b := h.browser()
		hostile := `{"name":{"firstName":"<script>alert(1)</script>","lastName":"\u202eevil\u0000\nX-Header: y"},"email":"ada@gmail.com"}`
		b.want(b.bring(with(b.visit(b.begin("apple"), "relay"), "user", hostile)), 303, "/dashboard")
		user := b.user()
		if kept := h.reads(user); kept.Email != "x7k2p9@privaterelay.appleid.com" || strings.ContainsAny(kept.Name, "\n\x00") {
			t.Errorf("made %+v", kept)
		}
		for _, page := range []string{"/dashboard", "/profile", "/"} {
			if body := b.get(page).body; strings.Contains(body, "<script>alert") || !strings.Contains(body, "alert(1)") {
				t.Errorf("%s: the name is more than text, or gone", page)
			}
		}
		b.want(b.post("/profile", "section", "details", "name", "Grace", "phone", ""), 303, "/profile?notice=saved")
		again := h.browser()
		again.want(again.bring(with(again.visit(again.begin("apple"), "relay"), "user", hostile)), 303, "/dashboard")
		if kept := h.reads(user); again.user() != user || kept.Name != "Grace" {
			t.Errorf("the second time it became %q", kept.Name)
		}
		for _, odd := range []string{`{"name":null}`, `[]`, `{"name":{"firstName":7}}`, `{`} {
			b := h.browser()
			b.want(b.bring(with(b.visit(b.begin("apple"), "nobody"), "user", odd)), 303, "/dashboard")
		}
	})
}

// Limits stand before the provider's routes as well.
func TestProviderRoutesAreLimited(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t, "LIMITS=on")
	b := h.browser()
	refused, taken := b.spend(60, time.Second, func(int) answer { return b.get("/auth/google") })
	if taken < 60 || refused.header.Get("Retry-After") == "" {
		t.Errorf("refused after %d, Retry-After %q", taken, refused.header.Get("Retry-After"))
	}
}
