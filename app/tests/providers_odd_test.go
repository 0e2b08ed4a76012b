package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/app/oauth/emulator"
)

// bent is a house whose providers answer otherwise at some addresses: by a part of the path, the body.
func bent(t *testing.T, answers map[string]string, settings ...string) *house {
	clock := &clock{}
	served := emulator.New(clock.now).Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for part, body := range answers {
			if strings.Contains(r.URL.Path, part) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprint(w, strings.ReplaceAll(body, "HERE", "http://"+r.Host+"/oidc"))
				return
			}
		}
		served.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	registrations, err := demoSettings(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"LIMITS=off"}
	for name, value := range registrations {
		all = append(all, name+"="+value)
	}
	return newHouseAt(t, clock, append(all, settings...)...)
}

// Whoever may name an address of 100 letters and more at X must not come in as its first 100.
func TestAnAddressIsNotCutToAnothers(t *testing.T) {
	t.Parallel()
	victim := "v" + strings.Repeat("x", 59) + "@" + strings.Repeat("d", 35) + ".com"
	h := bent(t, map[string]string{"/2/users/me": `{"data":{"id":"1","name":"M","confirmed_email":"` + victim + `.attacker.example"}}`})
	owner, b := h.member(victim), h.browser()
	b.want(b.enter("twitter", "nobody"), 303, "/dashboard")
	if b.user() == owner.user() {
		t.Error("taken over")
	}
}

// Postgres takes no NUL for text; two broken subjects must not become one.
func TestASubjectThatIsNoText(t *testing.T) {
	t.Parallel()
	for _, settings := range [][]string{nil, servers(t)} {
		h := bent(t, map[string]string{"/2/users/me": `{"data":{"id":"1\u0000","name":"M"}}`}, settings...)
		b := h.browser()
		b.want(b.enter("twitter", "nobody"), 303, "/auth/error?why=provider&provider=twitter")
	}
}

func TestDiscoveryWithoutAnEndpoint(t *testing.T) {
	t.Parallel()
	h := bent(t, map[string]string{"openid-configuration": `{"issuer":"HERE","token_endpoint":"HERE/token","jwks_uri":"HERE/keys"}`})
	b := h.browser()
	b.want(b.get("/auth/oidc"), 303, "/auth/error?why=unavailable&provider=oidc")
}

// A parameter that came twice was answered by two (RFC 6749, 3.1).
func TestAnswersThatSayThingsTwice(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t)
	for _, name := range []string{"code", "state", "iss"} {
		b := h.browser()
		back := b.visit(b.begin("google"), "ada")
		values := back.Values.Encode()
		if name == "iss" {
			values += "&iss=https%3A%2F%2Faccounts.google.com"
		}
		// The last one is right: whoever keeps only that would go on.
		if got := b.get("/auth/google/callback?" + name + "=x&" + values); !strings.HasPrefix(got.to(), "/auth/error?") || b.signedIn() {
			t.Errorf("%s twice: %d to %q", name, got.status, got.to())
		}
	}
}

// Pressed on a page whose session is over, "Connect" must not sign in to an account of its own.
func TestConnectAfterTheSessionEnded(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t)
	email := someone()
	b := h.member(email)
	other := h.browser().signIn(email)
	link := regexp.MustCompile(`action="(/auth/github[^"]*)"`).FindStringSubmatch(b.get("/profile").body)[1]
	other.want(other.post("/profile", "section", "sessions", "action", "end-others"), 303, "/profile?notice=sessions")
	b.want(b.post(link), 303, "/sign-in?notice=ended&next=%2Fprofile")
}

// A way in whose provider was taken out of the settings is none.
func TestTheLastWayInThatWorks(t *testing.T) {
	t.Parallel()
	emulated(t, func(t *testing.T, h *house, s *stand) {
		b := h.browser().by("twitter", "nobody")
		user := b.user()
		b.want(b.enter("github", "nobody", "next=%2Fprofile"), 303, linked)
		h.restart("GITHUB_CLIENT_ID=", "GITHUB_CLIENT_SECRET=")
		if got := b.disconnect("twitter", subjectOf(s, "twitter", "nobody")); got.status != 422 || !strings.Contains(h.owns(user), "twitter") {
			t.Errorf("disconnected: %d to %q; owns %q", got.status, got.to(), h.owns(user))
		}
	})
}

func TestTwoIdentitiesOfOneProvider(t *testing.T) {
	t.Parallel()
	h, _ := newEmulated(t)
	b := h.member(someone())
	b.want(b.enter("google", "linus", "next=%2Fprofile"), 303, linked)
	b.want(b.enter("google", "mallory", "next=%2Fprofile"), 303, linked)
	if page := b.get("/profile").body; strings.Contains(page, "Disconnect google") || strings.Count(page, "Disconnect Google") != 2 {
		t.Error("one of two is called google, not Google")
	}
}

// The address was proven in another browser; the page that waits for its code asks for a new one.
func TestNewCodeForAnAddressThatIsProven(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b, email := h.member(someone()), someone()
	b.want(b.post("/profile", "section", "email", "email", email), 303, "/verify")
	waiting := b.copy()
	b.want(b.post("/verify", "code", h.code(email)), 303, "/profile?notice=email")
	h.clock.advance(61 * time.Second)
	waiting.want(waiting.post("/verify", "action", "resend"), 303, "/profile?notice=email")
}
