// Package oauth signs people in with Google, GitHub, X, Apple or an OpenID Connect issuer: the authorization code flow
// with PKCE (RFC 7636). Begin makes the authorization URL, Finish validates the callback. State (CSRF), nonce (replay
// of ID tokens), code verifier and issuer (mix-up attack, RFC 9207) are checked here; goth's providers make the
// requests. Nothing is kept between the two calls but the Flow, which the caller carries in a sealed cookie.
package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"gatehouse/models"
)

// Client is one provider's registration.
type Client struct{ ID, Secret string }

// validate refuses half of a registration.
func (c Client) validate() error {
	if c.ID == "" || c.Secret == "" {
		return errors.New("the client id or the client secret is missing")
	}
	return nil
}

// Settings are the registrations. A provider without any setting does not exist.
type Settings struct {
	// URL is where the app is reached; callbacks are URL + "/auth/{provider}/callback".
	URL string
	// Emulator reroutes Google, GitHub, X and Apple to a local stand-in; "" in production.
	Emulator string

	Google, GitHub, Twitter Client
	Apple                   AppleClient
	OIDC                    Issuer

	// Keep names the providers whose tokens Finish returns. These are asked for refresh tokens too.
	Keep []string
}

// AppleClient is a services id and the key that signs for it: PrivateKey is the PEM of the .p8.
type AppleClient struct{ ClientID, TeamID, KeyID, PrivateKey string }

// Issuer is an OpenID Connect issuer and our registration with it. Name is the label on the button.
type Issuer struct {
	Client
	Issuer, Name string
}

// Name is a provider as routes and settings call it, and as people do.
type Name struct{ Provider, Label string }

// Flow is the state of one authorization code flow, made by Begin and given back to Finish by the browser that began
// it.
// Intent, UserID, SessionID, Next and Remember are the caller's own and are only carried.
type Flow struct {
	Provider  string `json:"p"`
	State     string `json:"s"` // against login CSRF (RFC 6749, 10.12)
	Nonce     string `json:"n"` // against replay of an ID token (OpenID Connect Core, 3.1.2.1)
	Verifier  string `json:"v"` // PKCE's code verifier, against a stolen code (RFC 7636)
	Intent    string `json:"i"` // "sign-in", "link" or "confirm"
	UserID    string `json:"u,omitempty"`
	SessionID string `json:"d,omitempty"`
	Next      string `json:"x,omitempty"`
	Remember  bool   `json:"r,omitempty"`
	// Reauthenticate asks the provider to authenticate the person again instead of using a session of its own (step-up).
	Reauthenticate bool  `json:"f,omitempty"`
	Began          int64 `json:"b,omitempty"` // Unix seconds
}

// Providers are the configured ones. They are safe for concurrent use.
type Providers struct {
	configured []provider
	labels     models.ProviderLabels
	url        string
	now        func() time.Time

	mu      sync.Mutex
	origins map[string]string
}

// New makes the configured providers, without a request to any of them. A half-configured one is an error.
func New(settings Settings, now func() time.Time) (*Providers, error) {
	direct := newTransport()
	routed, err := direct.withEmulator(settings.Emulator)
	if err != nil {
		return nil, err
	}
	if err := validateKeep(settings.Keep); err != nil {
		return nil, err
	}
	p := &Providers{labels: models.ProviderLabels{OIDC: settings.OIDC.Name}, url: strings.TrimSuffix(settings.URL, "/"),
		now: now, origins: map[string]string{}}
	for _, constructor := range constructors(settings) {
		if !constructor.configured {
			continue
		}
		config := providerConfig{Settings: settings, callback: p.Callback(constructor.name), now: now, transport: routed,
			keep: slices.Contains(settings.Keep, constructor.name)}
		if constructor.name == "oidc" {
			config.transport = direct // OIDC_ISSUER says itself where it is
		}
		configured, err := constructor.make(config)
		if err != nil {
			return nil, fmt.Errorf("oauth: %s: %w", constructor.name, err)
		}
		p.configured = append(p.configured, configured)
	}
	return p, nil
}

// constructor makes one provider, when any of its settings is there.
type constructor struct {
	name       string
	configured bool
	make       func(providerConfig) (provider, error)
}

// constructors are all there are, in the order of their buttons.
func constructors(s Settings) []constructor {
	return []constructor{
		{"google", s.Google != Client{}, newGoogle},
		{"github", s.GitHub != Client{}, newGitHub},
		{"twitter", s.Twitter != Client{}, newTwitter},
		{"apple", s.Apple != AppleClient{}, newApple},
		{"oidc", s.OIDC != Issuer{Name: s.OIDC.Name}, newIssuer},
	}
}

// validateKeep refuses a misspelt name, which would drop tokens silently.
func validateKeep(names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(constructors(Settings{}), func(m constructor) bool { return m.name == name }) {
			return fmt.Errorf("oauth: tokens of %q are to be kept, which is no provider", name)
		}
	}
	return nil
}

// providerConfig is what a provider is made from.
type providerConfig struct {
	Settings
	callback  string
	keep      bool
	transport *transport
	now       func() time.Time
}

// Names lists the providers in the order of their buttons.
func (p *Providers) Names() []Name {
	names := make([]Name, 0, len(p.configured))
	for _, configured := range p.configured {
		names = append(names, Name{Provider: configured.about().name, Label: p.labels.Of(configured.about().name)})
	}
	return names
}

// Callback is the address to register with the provider.
func (p *Providers) Callback(provider string) string {
	return p.url + "/auth/" + url.PathEscape(provider) + "/callback"
}

func (p *Providers) find(provider string) (provider, error) {
	for _, configured := range p.configured {
		if configured.about().name == provider {
			return configured, nil
		}
	}
	return nil, ErrUnknownProvider
}

// randomValue is a state or a nonce: 256 bits in base64url, as the library makes a code verifier.
func randomValue() string { return oauth2.GenerateVerifier() }

// noRedirect refuses redirects of back-channel requests: following one would carry a code or a token to wherever it
// leads (server-side request forgery).
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
