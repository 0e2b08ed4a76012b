package oauth

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"gatehouse/models"
)

// issuer is any OpenID Connect provider, identified by its issuer address (OpenID Connect Discovery).
type issuer struct {
	traits
	client    Client
	callback  string
	discovery *discovery
}

func newIssuer(config providerConfig) (provider, error) {
	registered := config.OIDC
	if registered.Issuer == "" || registered.ID == "" || registered.Secret == "" {
		return nil, errors.New("the issuer, the client id or the client secret is missing")
	}
	address, err := url.Parse(registered.Issuer)
	if err != nil || address.Host == "" || (address.Scheme != "https" && address.Scheme != "http") {
		return nil, errors.New("OIDC_ISSUER: the issuer is not an address")
	}
	return &issuer{
		traits: traits{name: "oidc", issuer: registered.Issuer,
			probe: strings.TrimSuffix(registered.Issuer, "/") + "/.well-known/openid-configuration",
			pkce:  true, nonce: true, maxAge: true, login: true, scoped: true, keep: config.keep, transport: config.transport},
		client: registered.Client, callback: config.callback, discovery: newDiscovery(config, registered),
	}, nil
}

func (i *issuer) gothProvider(ex *exchange) (goth.Provider, error) {
	metadata, err := i.discovery.discover(ex.ctx)
	if err != nil {
		return nil, err
	}
	ex.requiresIss = metadata.sendsIss
	flow := &codeFlow{name: i.name, client: ex.client(),
		profile: func() (goth.User, error) { return issuerUser(ex, metadata) }}
	flow.config = oauth2.Config{ClientID: i.client.ID, ClientSecret: i.client.Secret, RedirectURL: i.callback,
		Endpoint: metadata.endpoint, Scopes: []string{"openid", "email", "profile"}}
	// An issuer that does not list the scope (Cognito) refuses it, and one that does asks for consent.
	if i.keep && metadata.offlineAccess {
		flow.config.Scopes = append(flow.config.Scopes, "offline_access")
		flow.options = append(flow.options, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	return flow, nil
}

func (i *issuer) identify(
	ex *exchange, upstream goth.Provider, session goth.Session, callback url.Values,
) (models.Identity, error) {
	metadata, err := i.discovery.discover(ex.ctx)
	if err != nil {
		return models.Identity{}, err
	}
	claims, err := metadata.tokens.verify(ex)
	if err != nil {
		return models.Identity{}, err
	}
	if metadata.userinfo != "" && (claims.Name == "" || claims.Email == "" || claims.Verified == nil) {
		if claims, err = completeFromUserinfo(claims, upstream, session); err != nil {
			return models.Identity{}, err
		}
	}
	return models.Identity{Subject: claims.Subject, Email: claims.Email, Vouched: isTrue(claims.Verified),
		Name: claims.Name}, nil
}

// completeFromUserinfo takes from userinfo what the ID token did not say. email and email_verified are one statement:
// they come from the same place, or are about the same address.
func completeFromUserinfo(claims idClaims, upstream goth.Provider, session goth.Session) (idClaims, error) {
	user, err := fetchUser(upstream, session)
	if err != nil {
		return idClaims{}, err
	}
	if user.UserID != claims.Subject {
		return idClaims{}, fmt.Errorf("%w: userinfo of another subject", ErrToken)
	}
	claims.Name = cmp.Or(claims.Name, user.Name)
	if claims.Email == "" || claims.Verified == nil && claims.Email == user.Email {
		claims.Email, claims.Verified = user.Email, user.RawData["email_verified"]
	}
	return claims, nil
}

func issuerUser(ex *exchange, metadata *issuerMetadata) (goth.User, error) {
	var claims idClaims
	if err := ex.getJSON(metadata.userinfo, &claims); err != nil {
		return goth.User{}, err
	}
	return goth.User{UserID: claims.Subject, Name: claims.Name, Email: claims.Email,
		RawData: map[string]any{"email_verified": claims.Verified}}, nil
}
