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

// discoveryRetry is how long a failed discovery is remembered, so that an issuer that is down costs one visitor its
// timeout and the next ones nothing.
const discoveryRetry = 5 * time.Second

// discovery fetches an issuer's metadata when it is first needed, one request at a time, and caches it (OpenID Connect
// Discovery, 4). Nothing waits for it but sign-ins with this issuer.
type discovery struct {
	issuer, audience string
	transport        *transport
	now              func() time.Time

	slot      chan struct{} // held by whoever fetches; guards the rest
	metadata  *issuerMetadata
	lastError error
	retryAt   time.Time
}

// issuerMetadata is what we use of the discovery document.
type issuerMetadata struct {
	endpoint      oauth2.Endpoint
	userinfo      string
	offlineAccess bool
	sendsIss      bool // puts "iss" into authorization responses (RFC 9207)
	tokens        idTokens
}

func newDiscovery(config providerConfig, registered Issuer) *discovery {
	return &discovery{issuer: registered.Issuer, audience: registered.ID, transport: config.transport, now: config.now,
		slot: make(chan struct{}, 1)}
}

// discover returns the metadata, cached or fetched. ErrUnavailable.
func (d *discovery) discover(ctx context.Context) (*issuerMetadata, error) {
	select {
	case d.slot <- struct{}{}:
		defer func() { <-d.slot }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: issuer did not answer", ErrUnavailable)
	}
	if d.metadata != nil {
		return d.metadata, nil
	}
	if d.lastError != nil && d.now().Before(d.retryAt) {
		return nil, d.lastError
	}
	metadata, err := d.fetchMetadata(ctx)
	if err == nil {
		d.metadata, d.lastError = metadata, nil
		return metadata, nil
	}
	// A visitor who went away says nothing about the issuer.
	if !errors.Is(ctx.Err(), context.Canceled) {
		d.lastError, d.retryAt = err, d.now().Add(discoveryRetry)
	}
	return nil, err
}

// metadataDocument is what go-oidc does not parse of the discovery document.
type metadataDocument struct {
	Scopes      []string `json:"scopes_supported"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	SendsIss    bool     `json:"authorization_response_iss_parameter_supported"`
	Keys        string   `json:"jwks_uri"`
	Algorithms  []string `json:"id_token_signing_alg_values_supported"`
}

// fetchMetadata reads the discovery document. That it names the issuer we asked (issuer spoofing) is checked by the
// library. ErrUnavailable.
func (d *discovery) fetchMetadata(ctx context.Context) (*issuerMetadata, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, d.transport.client()), d.issuer)
	var another *oidc.IssuerMismatchError
	if errors.As(err, &another) {
		return nil, fmt.Errorf("%w: the discovery document names another issuer (mind a slash at the end)", ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: no discovery document", ErrUnavailable)
	}
	var metadata metadataDocument
	if provider.Claims(&metadata) != nil {
		return nil, fmt.Errorf("%w: discovery document cannot be read", ErrUnavailable)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = tokenAuthStyle(metadata.AuthMethods)
	userinfo := cmp.Or(provider.UserInfoEndpoint(), d.issuer)
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL, metadata.Keys, userinfo} {
		if !d.keepsHTTPS(address) {
			return nil, fmt.Errorf("%w: the discovery document lacks an endpoint, or leads to plain http", ErrUnavailable)
		}
	}
	return &issuerMetadata{
		endpoint: endpoint, userinfo: provider.UserInfoEndpoint(),
		offlineAccess: slices.Contains(metadata.Scopes, "offline_access"), sendsIss: metadata.SendsIss,
		tokens: idTokens{issuer: d.issuer, audience: d.audience, keys: remoteKeys(d.transport, metadata.Keys),
			algorithms: publicKeyAlgorithms(metadata.Algorithms), now: d.now},
	}, nil
}

// keepsHTTPS refuses a downgrade: an issuer on https does not have codes, secrets and tokens sent over plain http.
func (d *discovery) keepsHTTPS(address string) bool {
	from, _ := url.Parse(d.issuer)
	to, err := url.Parse(address)
	return err == nil && to.Host != "" && (to.Scheme == "https" || from.Scheme == "http")
}

// tokenAuthStyle is how the client authenticates: client_secret_basic, which every server supports (RFC 6749, 2.3.1),
// unless the issuer supports client_secret_post alone.
func tokenAuthStyle(methods []string) oauth2.AuthStyle {
	if !slices.Contains(methods, "client_secret_basic") && slices.Contains(methods, "client_secret_post") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// publicKeyAlgorithms leaves the signature algorithms with a public key (algorithm confusion): with HS256 the client
// secret would sign, and "none" is no signature (RFC 8725, 3.1).
func publicKeyAlgorithms(algorithms []string) []string {
	allowed := []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384,
		oidc.PS512, oidc.EdDSA}
	return slices.DeleteFunc(slices.Clone(algorithms), func(a string) bool { return !slices.Contains(allowed, a) })
}
