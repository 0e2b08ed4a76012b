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

// Begin starts an authorization code flow with PKCE (RFC 6749, 4.1.1; RFC 7636): it returns the authorization URL to
// send the browser to, and the flow to seal into its cookie. Provider, State, Nonce, Verifier and Began of the given
// flow are replaced, the rest is carried along. ErrUnknownProvider, or ErrUnavailable when the issuer cannot be asked
// for its endpoints.
func (p *Providers) Begin(ctx context.Context, provider string, flow Flow) (string, Flow, error) {
	configured, err := p.find(provider)
	if err != nil {
		return "", Flow{}, err
	}
	flow.Provider, flow.State, flow.Nonce, flow.Verifier = provider, randomValue(), randomValue(),
		oauth2.GenerateVerifier()
	flow.Began = p.now().Unix()
	ex, done := newExchange(ctx, configured.about(), flow)
	defer done()
	address, err := ex.begin(configured)
	if err != nil {
		return "", Flow{}, ex.safeError(err)
	}
	return address, flow, nil
}

func (ex *exchange) begin(configured provider) (string, error) {
	upstream, err := configured.gothProvider(ex)
	if err != nil {
		return "", err
	}
	var address string
	err = recoverPanic(func() error {
		address, err = authorizeURL(upstream, ex.flow.State)
		return err
	})
	if err != nil {
		return "", err
	}
	return ex.authorizationURL(address)
}

func authorizeURL(upstream goth.Provider, state string) (string, error) {
	session, err := upstream.BeginAuth(state)
	if err != nil {
		return "", err
	}
	return session.GetAuthURL()
}

// authorizationURL adds PKCE's code challenge (RFC 7636, 4.3), the nonce, and what makes the provider authenticate the
// person again. Spaces become %20, for Apple shows "+" as it is.
func (ex *exchange) authorizationURL(raw string) (string, error) {
	address, err := url.Parse(raw)
	if err != nil {
		return "", errors.New("oauth: authorization endpoint is not an address")
	}
	q := address.Query()
	if ex.about.pkce {
		q.Set("code_challenge", oauth2.S256ChallengeFromVerifier(ex.flow.Verifier))
		q.Set("code_challenge_method", "S256")
	}
	if ex.about.nonce {
		q.Set("nonce", ex.flow.Nonce)
	}
	if ex.flow.Reauthenticate && ex.about.maxAge { // step-up: OpenID Connect Core, 3.1.2.1
		q.Set("max_age", "0")
	}
	if ex.flow.Reauthenticate && ex.about.login {
		q.Set("prompt", "login")
	}
	address.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return ex.about.transport.reroute(address).String(), nil
}

// Origins are those of the configured providers' authorization endpoints, for form-action in the content security
// policy of a page whose form leads there. One that cannot be found now is left out.
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
	cached := p.origins[provider]
	p.mu.Unlock()
	if cached != "" {
		return cached
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

// Check reports whether the provider answers at all, for whoever sets one up. ErrUnknownProvider, ErrUnavailable.
func (p *Providers) Check(ctx context.Context, provider string) error {
	configured, err := p.find(provider)
	if err != nil {
		return err
	}
	ex, done := newExchange(ctx, configured.about(), Flow{})
	defer done()
	if _, err := configured.gothProvider(ex); err != nil {
		return ex.safeError(err)
	}
	if err := ex.about.transport.checkReachable(ex.ctx, ex.about.probe); err != nil {
		return fmt.Errorf("oauth: %s: %w", provider, err)
	}
	return nil
}
