package tests

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/app/oauth/emulator"
	"gatehouse/app/tests/testkit"
)

// bent is a house whose providers answer otherwise at some addresses: by a part of the path, the body.
func bent(t *testing.T, answers map[string]string, settings ...string) *testkit.House {
	clock := &testkit.Clock{}
	served := emulator.New(clock.Now).Handler()
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
	registrations, err := emulator.Registrations(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"LIMITS=off"}
	for name, value := range registrations {
		all = append(all, name+"="+value)
	}
	return testkit.NewHouseAt(t, clock, append(all, settings...)...)
}

// Whoever may name an address of 100 letters and more at X must not come in as its first 100.
func TestAnAddressIsNotCutToAnothers(t *testing.T) {
	t.Parallel()
	victim := "v" + strings.Repeat("x", 59) + "@" + strings.Repeat("d", 35) + ".com"
	h := bent(t, map[string]string{"/2/users/me": `{"data":{"id":"1","name":"M","confirmed_email":"` + victim +
		`.attacker.example"}}`})
	owner, b := h.Member(victim), h.Browser()
	b.Want(b.Enter("twitter", "nobody"), 303, "/dashboard")
	if b.User() == owner.User() {
		t.Error("taken over")
	}
}

// Postgres takes no NUL for text; two broken subjects must not become one.
func TestASubjectThatIsNoText(t *testing.T) {
	t.Parallel()
	for _, settings := range [][]string{nil, testkit.OnServers(t)} {
		h := bent(t, map[string]string{"/2/users/me": `{"data":{"id":"1\u0000","name":"M"}}`}, settings...)
		b := h.Browser()
		b.Want(b.Enter("twitter", "nobody"), 303, "/auth/error?why=provider&provider=twitter")
	}
}

func TestDiscoveryWithoutAnEndpoint(t *testing.T) {
	t.Parallel()
	h := bent(t, map[string]string{
		"openid-configuration": `{"issuer":"HERE","token_endpoint":"HERE/token","jwks_uri":"HERE/keys"}`})
	b := h.Browser()
	b.Want(b.Get("/auth/oidc"), 303, "/auth/error?why=unavailable&provider=oidc")
}

// A parameter that came twice was answered by two (RFC 6749, 3.1).
func TestAnswersThatSayThingsTwice(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	for _, name := range []string{"code", "state", "iss"} {
		b := h.Browser()
		back := b.Visit(b.Begin("google"), "ada")
		values := back.Values.Encode()
		if name == "iss" {
			values += "&iss=https%3A%2F%2Faccounts.google.com"
		}
		// The last one is right: whoever keeps only that would go on.
		if got := b.Get("/auth/google/callback?" + name + "=x&" + values); !strings.HasPrefix(got.To(), "/auth/error?") ||
			b.SignedIn() {
			t.Errorf("%s twice: %d to %q", name, got.Status, got.To())
		}
	}
}

// Pressed on a page whose session is over, "Connect" must not sign in to an account of its own.
func TestConnectAfterTheSessionEnded(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	email := testkit.Someone()
	b := h.Member(email)
	other := h.Browser().SignIn(email)
	link := regexp.MustCompile(`action="(/auth/github[^"]*)"`).FindStringSubmatch(b.Get("/profile").Body)[1]
	other.Want(other.Post("/profile", "section", "sessions", "action", "end-others"), 303, "/profile?notice=sessions")
	b.Want(b.Post(link), 303, "/sign-in?notice=ended&next=%2Fprofile")
}

// A way in whose provider was taken out of the settings is none.
func TestTheLastWayInThatWorks(t *testing.T) {
	t.Parallel()
	testkit.Emulated(t, func(t *testing.T, h *testkit.House, s *testkit.Stand) {
		b := h.Browser().By("twitter", "nobody")
		user := b.User()
		b.Want(b.Enter("github", "nobody", "next=%2Fprofile"), 303, linked)
		h.Restart("GITHUB_CLIENT_ID=", "GITHUB_CLIENT_SECRET=")
		if got := disconnect(b, "twitter", subjectOf(s, "twitter", "nobody")); got.Status != 422 ||
			!strings.Contains(owns(h, user), "twitter") {
			t.Errorf("disconnected: %d to %q; owns %q", got.Status, got.To(), owns(h, user))
		}
	})
}

func TestTwoIdentitiesOfOneProvider(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t)
	b := h.Member(testkit.Someone())
	b.Want(b.Enter("google", "linus", "next=%2Fprofile"), 303, linked)
	b.Want(b.Enter("google", "mallory", "next=%2Fprofile"), 303, linked)
	if page := b.Get("/profile").Body; strings.Contains(page, "Disconnect google") ||
		strings.Count(page, "Disconnect Google") != 2 {
		t.Error("one of two is called google, not Google")
	}
}

// The address was proven in another browser; the page that waits for its code asks for a new one.
func TestNewCodeForAnAddressThatIsProven(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b, email := h.Member(testkit.Someone()), testkit.Someone()
	b.Want(b.Post("/profile", "section", "email", "email", email), 303, "/verify")
	waiting := b.Copy()
	b.Want(b.Post("/verify", "code", h.Code(email)), 303, "/profile?notice=email")
	h.Clock.Advance(61 * time.Second)
	waiting.Want(waiting.Post("/verify", "action", "resend"), 303, "/profile?notice=email")
}
