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
func with(back emulator.AuthorizationResponse, pairs ...string) emulator.AuthorizationResponse {
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
			for _, again := range []emulator.AuthorizationResponse{back, fresh} {
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

// A link elsewhere signs no guest in by way of a session they have at a provider (login CSRF): it shows the
// page with the button.
func TestAnotherSiteSignsNobodyIn(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	for _, site := range []string{"cross-site", "same-site"} {
		b := h.Browser()
		request := b.Request("GET", "/auth/google?next=%2Fprofile", nil)
		request.Header.Set("Sec-Fetch-Site", site)
		got, err := b.Send(request)
		if err != nil {
			t.Fatal(err)
		}
		b.Want(got, 303, "/sign-in?next=%2Fprofile")
		if b.Cookies()["oauth"] != "" {
			t.Errorf("%s began", site)
		}
	}
}
