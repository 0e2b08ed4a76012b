// Package oauth asks Google, GitHub, X, Apple or an OpenID Connect issuer who is there. Begin sends
// the browser off, Finish reads what it came back with. The transaction is ours (state, nonce, code
// verifier); goth's providers speak to the other side. Nothing is kept between the two calls but
// the Flow, which the caller carries in a sealed cookie.
package oauth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Client is one provider's registration.
type Client struct{ ID, Secret string }

// whole reports half of a registration as an error.
func (c Client) whole() error {
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

// Flow is one transaction, made by Begin and given back to Finish by the browser that began it.
// Intent, UserID, SessionID, Next and Remember are the caller's own and are only carried.
type Flow struct {
	Provider  string `json:"p"`
	State     string `json:"s"`
	Nonce     string `json:"n"`
	Verifier  string `json:"v"`
	Intent    string `json:"i"` // "sign-in", "link" or "confirm"
	UserID    string `json:"u,omitempty"`
	SessionID string `json:"d,omitempty"`
	Next      string `json:"x,omitempty"`
	Remember  bool   `json:"r,omitempty"`
	// Fresh asks the provider to see the person again, not a session of its own (re-authentication, step-up).
	Fresh bool  `json:"f,omitempty"`
	Began int64 `json:"b,omitempty"` // Unix seconds
}

// Providers are the configured ones. They are safe for concurrent use.
type Providers struct {
	sources []source
	url     string
	now     func() time.Time

	mu      sync.Mutex
	origins map[string]string
}

// New makes the configured providers, without asking any of them anything. A half-configured one is
// an error.
func New(settings Settings, now func() time.Time) (*Providers, error) {
	direct := newWire()
	routed, err := direct.via(settings.Emulator)
	if err != nil {
		return nil, err
	}
	if err := keepable(settings.Keep); err != nil {
		return nil, err
	}
	p := &Providers{url: strings.TrimSuffix(settings.URL, "/"), now: now, origins: map[string]string{}}
	for _, maker := range makers(settings) {
		if !maker.wanted {
			continue
		}
		plan := plan{Settings: settings, callback: p.Callback(maker.name), now: now, wire: routed,
			keep: slices.Contains(settings.Keep, maker.name)}
		if maker.name == "oidc" {
			plan.wire = direct // OIDC_ISSUER says itself where it is
		}
		source, err := maker.make(plan)
		if err != nil {
			return nil, fmt.Errorf("oauth: %s: %w", maker.name, err)
		}
		p.sources = append(p.sources, source)
	}
	return p, nil
}

// maker makes one provider, when any of its settings is there.
type maker struct {
	name   string
	wanted bool
	make   func(plan) (source, error)
}

// makers are all there are, in the order of their buttons.
func makers(s Settings) []maker {
	return []maker{
		{"google", s.Google != Client{}, newGoogle},
		{"github", s.GitHub != Client{}, newGitHub},
		{"twitter", s.Twitter != Client{}, newTwitter},
		{"apple", s.Apple != AppleClient{}, newApple},
		{"oidc", s.OIDC != Issuer{Name: s.OIDC.Name}, newIssuer},
	}
}

// keepable refuses a misspelt name, which would throw tokens away without a word.
func keepable(names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(makers(Settings{}), func(m maker) bool { return m.name == name }) {
			return fmt.Errorf("oauth: tokens of %q are to be kept, which is no provider", name)
		}
	}
	return nil
}

// plan is what a provider is made of.
type plan struct {
	Settings
	callback string
	keep     bool
	wire     *wire
	now      func() time.Time
}

// Names lists the providers in the order of their buttons.
func (p *Providers) Names() []Name {
	names := make([]Name, 0, len(p.sources))
	for _, source := range p.sources {
		names = append(names, Name{Provider: source.about().name, Label: source.about().label})
	}
	return names
}

// Callback is the address to register with the provider.
func (p *Providers) Callback(provider string) string {
	return p.url + "/auth/" + url.PathEscape(provider) + "/callback"
}

func (p *Providers) find(provider string) (source, error) {
	for _, source := range p.sources {
		if source.about().name == provider {
			return source, nil
		}
	}
	return nil, ErrUnknownProvider
}

// random is 256 bits in base64url: a state, a nonce, or a code verifier (RFC 7636, 4.1).
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// noRedirect: a provider's back channel has no reason to send us elsewhere, and following would
// carry a code or a token to wherever it says.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
