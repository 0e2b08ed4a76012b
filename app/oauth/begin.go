package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"
)

// Begin is the way there: the address to send the browser to, and the flow to seal into its cookie.
// Provider, State, Nonce, Verifier and Began of the given flow are replaced, the rest is carried along.
// ErrUnknownProvider, or ErrUnavailable when the issuer cannot be asked for its endpoints.
func (p *Providers) Begin(ctx context.Context, provider string, flow Flow) (string, Flow, error) {
	source, err := p.find(provider)
	if err != nil {
		return "", Flow{}, err
	}
	flow.Provider, flow.State, flow.Nonce, flow.Verifier = provider, random(), random(), random()
	flow.Began = p.now().Unix()
	t, done := newTrip(ctx, source.about(), flow)
	defer done()
	address, err := t.begin(source)
	if err != nil {
		return "", Flow{}, t.failed(err)
	}
	return address, flow, nil
}

func (t *trip) begin(source source) (string, error) {
	provider, err := source.dial(t)
	if err != nil {
		return "", err
	}
	var address string
	err = safely(func() error {
		address, err = authorizeURL(provider, t.flow.State)
		return err
	})
	if err != nil {
		return "", err
	}
	return t.address(address)
}

func authorizeURL(provider goth.Provider, state string) (string, error) {
	session, err := provider.BeginAuth(state)
	if err != nil {
		return "", err
	}
	return session.GetAuthURL()
}

// address adds code challenge and nonce. Spaces become %20, for Apple shows "+" as it is.
func (t *trip) address(raw string) (string, error) {
	address, err := url.Parse(raw)
	if err != nil {
		return "", errors.New("oauth: authorization endpoint is not an address")
	}
	q := address.Query()
	if t.about.pkce {
		q.Set("code_challenge", oauth2.S256ChallengeFromVerifier(t.flow.Verifier))
		q.Set("code_challenge_method", "S256")
	}
	if t.about.nonce {
		q.Set("nonce", t.flow.Nonce)
	}
	if t.flow.Fresh && t.about.maxAge { // OpenID Connect Core, 3.1.2.1
		q.Set("max_age", "0")
	}
	if t.flow.Fresh && t.about.login {
		q.Set("prompt", "login")
	}
	address.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return t.about.wire.reroute(address).String(), nil
}

// Origins are where the configured providers' authorization endpoints are: a form of ours that leads there
// has to name them in its page's policy. One that cannot be found now is left out.
func (p *Providers) Origins(ctx context.Context) []string {
	var all []string
	for _, name := range p.Names() {
		if origin := p.origin(ctx, name.Provider); origin != "" {
			all = append(all, origin)
		}
	}
	return all
}

func (p *Providers) origin(ctx context.Context, provider string) string {
	p.mu.Lock()
	known := p.origins[provider]
	p.mu.Unlock()
	if known != "" {
		return known
	}
	address, _, err := p.Begin(ctx, provider, Flow{})
	if err != nil {
		return ""
	}
	at, err := url.Parse(address)
	if err != nil {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.origins[provider] = at.Scheme + "://" + at.Host
	return p.origins[provider]
}

// Check asks whether the provider answers at all, for whoever sets one up.
func (p *Providers) Check(ctx context.Context, provider string) error {
	source, err := p.find(provider)
	if err != nil {
		return err
	}
	t, done := newTrip(ctx, source.about(), Flow{})
	defer done()
	if _, err := source.dial(t); err != nil {
		return t.failed(err)
	}
	if err := t.about.wire.answers(t.ctx, t.about.probe); err != nil {
		return fmt.Errorf("oauth: %s: %w", provider, err)
	}
	return nil
}
