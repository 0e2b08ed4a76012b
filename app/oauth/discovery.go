package oauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// pause is how long a failed discovery is remembered, so that an issuer that is down costs one
// visitor its timeout and the next ones nothing.
const pause = 5 * time.Second

// discovery finds an issuer's endpoints when they are first needed, one question at a time, and
// keeps them once found. Nothing waits for it but sign-ins with this issuer.
type discovery struct {
	issuer, audience string
	wire             *wire
	now              func() time.Time

	turn   chan struct{} // held by who asks; guards the rest
	found  *found
	failed error
	until  time.Time
}

// found is what the discovery document says.
type found struct {
	endpoint oauth2.Endpoint
	userinfo string
	offline  bool
	answers  bool // says who it is in its answers (RFC 9207)
	tokens   idTokens
}

func newDiscovery(plan plan, registered Issuer) *discovery {
	return &discovery{issuer: registered.Issuer, audience: registered.ID, wire: plan.wire, now: plan.now, turn: make(chan struct{}, 1)}
}

func (d *discovery) find(ctx context.Context) (*found, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: issuer did not answer", ErrUnavailable)
	}
	if d.found != nil {
		return d.found, nil
	}
	if d.failed != nil && d.now().Before(d.until) {
		return nil, d.failed
	}
	found, err := d.ask(ctx)
	if err == nil {
		d.found, d.failed = found, nil
		return found, nil
	}
	// A visitor who went away says nothing about the issuer.
	if !errors.Is(ctx.Err(), context.Canceled) {
		d.failed, d.until = err, d.now().Add(pause)
	}
	return nil, err
}

// document is what go-oidc leaves in the discovery document.
type document struct {
	Scopes  []string `json:"scopes_supported"`
	Auth    []string `json:"token_endpoint_auth_methods_supported"`
	Answers bool     `json:"authorization_response_iss_parameter_supported"`
	Keys    string   `json:"jwks_uri"`
	Algs    []string `json:"id_token_signing_alg_values_supported"`
}

// ask reads the document. That it names the issuer we asked is checked by the library.
func (d *discovery) ask(ctx context.Context) (*found, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, d.wire.client()), d.issuer)
	var another *oidc.IssuerMismatchError
	if errors.As(err, &another) {
		return nil, fmt.Errorf("%w: the discovery document names another issuer (mind a slash at the end)", ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: no discovery document", ErrUnavailable)
	}
	var said document
	if provider.Claims(&said) != nil {
		return nil, fmt.Errorf("%w: discovery document cannot be read", ErrUnavailable)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = style(said.Auth)
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL, said.Keys, cmp.Or(provider.UserInfoEndpoint(), d.issuer)} {
		if !d.asSafe(address) {
			return nil, fmt.Errorf("%w: the discovery document lacks an endpoint, or leads to plain http", ErrUnavailable)
		}
	}
	return &found{
		endpoint: endpoint, userinfo: provider.UserInfoEndpoint(),
		offline: slices.Contains(said.Scopes, "offline_access"), answers: said.Answers,
		tokens: idTokens{issuer: d.issuer, audience: d.audience, keys: remoteKeys(d.wire, said.Keys), algorithms: signed(said.Algs), now: d.now},
	}, nil
}

// asSafe: an issuer on https does not send codes, secrets and tokens over plain http.
func (d *discovery) asSafe(address string) bool {
	from, _ := url.Parse(d.issuer)
	to, err := url.Parse(address)
	return err == nil && to.Host != "" && (to.Scheme == "https" || from.Scheme == "http")
}

// style is how the client's secret is sent: by Basic, which everyone has (RFC 6749, 2.3.1), unless
// the issuer wants it in the form.
func style(methods []string) oauth2.AuthStyle {
	if !slices.Contains(methods, "client_secret_basic") && slices.Contains(methods, "client_secret_post") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// signed leaves the algorithms with a public key: with HS256 the client secret would sign, and
// "none" is no signature.
func signed(algorithms []string) []string {
	known := []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}
	return slices.DeleteFunc(slices.Clone(algorithms), func(a string) bool { return !slices.Contains(known, a) })
}
