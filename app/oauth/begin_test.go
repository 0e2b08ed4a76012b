package oauth

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"
)

func userOf(claims idClaims) func() (goth.User, error) {
	return func() (goth.User, error) {
		return goth.User{UserID: claims.Subject, Name: claims.Name, Email: claims.Email,
			RawData: map[string]any{"email_verified": claims.Verified}}, nil
	}
}

func TestBeginAsksWhatTheDesignSays(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, c := range []struct {
		provider, host, scope string
		pkce, nonce           bool
	}{
		{"google", "/accounts.google.com/o/oauth2/auth?", "openid email profile", true, true},
		{"github", "/github.com/login/oauth/authorize?", "read:user user:email", true, false},
		{"twitter", "/x.com/i/oauth2/authorize?", "users.read tweet.read users.email", true, false},
		{"apple", "/appleid.apple.com/auth/authorize?", "name email", false, true},
		{"oidc", "/oidc/authorize?", "openid email profile", true, true},
	} {
		address, flow := w.begin(c.provider)
		q := query(t, address)
		if !strings.HasPrefix(address, w.settings.Emulator+c.host) || strings.Contains(address, "+") {
			t.Errorf("%s: %s", c.provider, address)
		}
		if q.Get("scope") != c.scope || q.Get("state") != flow.State ||
			q.Get("redirect_uri") != "https://app.example/auth/"+c.provider+"/callback" {
			t.Errorf("%s: %v", c.provider, q)
		}
		if c.pkce != (q.Get("code_challenge") == oauth2.S256ChallengeFromVerifier(flow.Verifier) &&
			q.Get("code_challenge_method") == "S256") {
			t.Errorf("%s: challenge %v", c.provider, q)
		}
		if c.nonce != (q.Get("nonce") == flow.Nonce) {
			t.Errorf("%s: nonce %v", c.provider, q)
		}
		if strings.Contains(address, flow.Verifier) || strings.Contains(address, "secret") {
			t.Errorf("%s tells a secret: %s", c.provider, address)
		}
	}
}

func TestGoogleIsAskedForOfflineAccessOnlyWhenKept(t *testing.T) {
	t.Parallel()
	address, _ := start(t).begin("google")
	if q := query(t, address); q.Get("access_type") != "online" || q.Get("prompt") != "select_account" {
		t.Error(q)
	}
	w := start(t, func(s *Settings) { s.Keep = []string{"google", "twitter", "oidc"} })
	address, _ = w.begin("google")
	if q := query(t, address); q.Get("access_type") != "offline" || q.Get("prompt") != "select_account consent" {
		t.Error(q)
	}
	address, _ = w.begin("twitter")
	if q := query(t, address); !strings.Contains(q.Get("scope"), "offline.access") {
		t.Error(q)
	}
	address, _ = w.begin("oidc")
	if q := query(t, address); !strings.Contains(q.Get("scope"), "offline_access") || q.Get("prompt") != "consent" {
		t.Error(q)
	}
}

func TestBeginMakesEveryFlowAnew(t *testing.T) {
	t.Parallel()
	w := start(t)
	seen := map[string]bool{}
	carried := Flow{State: "chosen", Nonce: "chosen", Verifier: "chosen", Provider: "github", Intent: "link", UserID: "u",
		SessionID: "s", Next: "/n", Remember: true}
	for range 50 {
		_, flow, err := w.providers.Begin(t.Context(), "google", carried)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{flow.State, flow.Nonce, flow.Verifier} {
			if len(value) < 43 || seen[value] {
				t.Fatalf("%q is short or comes again", value)
			}
			seen[value] = true
		}
		flow.State, flow.Nonce, flow.Verifier = "chosen", "chosen", "chosen"
		want := carried
		want.Provider, want.Began = "google", flow.Began
		if flow != want {
			t.Fatalf("carried %+v", flow)
		}
	}
}

func TestOnlyConfiguredProvidersExist(t *testing.T) {
	t.Parallel()
	p, err := New(Settings{URL: "https://app.example/", GitHub: Client{"id", "secret"}}, start(t).now)
	if err != nil {
		t.Fatal(err)
	}
	if names := p.Names(); len(names) != 1 || names[0] != (Name{"github", "GitHub"}) {
		t.Error(names)
	}
	if p.Callback("github") != "https://app.example/auth/github/callback" {
		t.Error(p.Callback("github"))
	}
	for _, provider := range []string{"google", "", "../github", "GITHUB"} {
		_, _, begin := p.Begin(t.Context(), provider, Flow{})
		_, finish := p.Finish(t.Context(), provider, Flow{Provider: provider, State: "s"}, nil)
		if !errors.Is(begin, ErrUnknownProvider) || !errors.Is(finish, ErrUnknownProvider) ||
			!errors.Is(p.Check(t.Context(), provider), ErrUnknownProvider) {
			t.Errorf("%q: %v, %v", provider, begin, finish)
		}
	}
	address, _, err := p.Begin(t.Context(), "github", Flow{})
	if err != nil || !strings.HasPrefix(address, "https://github.com/login/oauth/authorize?") {
		t.Error(address, err)
	}
}

func TestNamesComeInTheOrderOfButtons(t *testing.T) {
	t.Parallel()
	w := start(t)
	want := []Name{{"google", "Google"}, {"github", "GitHub"}, {"twitter", "X"}, {"apple", "Apple"},
		{"oidc", "Single sign-on"}}
	if names := w.providers.Names(); !slices.Equal(names, want) {
		t.Error(names)
	}
	w = start(t, func(s *Settings) { s.OIDC.Name = "Navy" })
	if names := w.providers.Names(); names[4].Label != "Navy" {
		t.Error(names)
	}
}

func TestNewRefusesHalfOfAProvider(t *testing.T) {
	t.Parallel()
	whole := start(t)
	if len(whole.asked) != 0 {
		t.Errorf("New asked %q", whole.asked)
	}
	for name, change := range map[string]func(*Settings){
		"google without secret":  func(s *Settings) { s.Google.Secret = "" },
		"github without secret":  func(s *Settings) { s.GitHub.Secret = "" },
		"twitter without secret": func(s *Settings) { s.Twitter.Secret = "" },
		"google without id":      func(s *Settings) { s.Google.ID = "" },
		"apple without id":       func(s *Settings) { s.Apple.ClientID = "" },
		"apple without team":     func(s *Settings) { s.Apple.TeamID = "" },
		"apple without key id":   func(s *Settings) { s.Apple.KeyID = "" },
		"apple with no key":      func(s *Settings) { s.Apple.PrivateKey = "PRIVATE nonsense" },
		"oidc without secret":    func(s *Settings) { s.OIDC.Secret = "" },
		"oidc without issuer":    func(s *Settings) { s.OIDC.Issuer = "" },
		"oidc without id":        func(s *Settings) { s.OIDC.ID = "" },
		"oidc at no address":     func(s *Settings) { s.OIDC.Issuer = "login.example" },
		"emulator at no address": func(s *Settings) { s.Emulator = "localhost:9000" },
		"tokens of nobody kept":  func(s *Settings) { s.Keep = []string{"gogle"} },
	} {
		settings := whole.settings
		change(&settings)
		_, err := New(settings, whole.now)
		if err == nil || strings.Contains(err.Error(), "client-secret") || strings.Contains(err.Error(), "nonsense") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAppleKeyOnOneLine(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *Settings) { s.Apple.PrivateKey = strings.ReplaceAll(s.Apple.PrivateKey, "\n", `\n`) })
	if _, err := w.signIn("apple", "ada"); err != nil {
		t.Error(err)
	}
}
