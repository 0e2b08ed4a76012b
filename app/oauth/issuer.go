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

// issuer is any OpenID Connect provider, known by its address.
type issuer struct {
	traits
	client    Client
	callback  string
	discovery *discovery
}

func newIssuer(plan plan) (source, error) {
	registered := plan.OIDC
	if registered.Issuer == "" || registered.ID == "" || registered.Secret == "" {
		return nil, errors.New("the issuer, the client id or the client secret is missing")
	}
	address, err := url.Parse(registered.Issuer)
	if err != nil || address.Host == "" || (address.Scheme != "https" && address.Scheme != "http") {
		return nil, errors.New("OIDC_ISSUER: the issuer is not an address")
	}
	return &issuer{
		traits: traits{name: "oidc", label: cmp.Or(registered.Name, "Single sign-on"), issuer: registered.Issuer,
			probe: strings.TrimSuffix(registered.Issuer, "/") + "/.well-known/openid-configuration", pkce: true, nonce: true, maxAge: true, login: true, scoped: true, keep: plan.keep, wire: plan.wire},
		client: registered.Client, callback: plan.callback, discovery: newDiscovery(plan, registered),
	}, nil
}

func (i *issuer) dial(t *trip) (goth.Provider, error) {
	found, err := i.discovery.find(t.ctx)
	if err != nil {
		return nil, err
	}
	t.named = found.answers
	flow := &codeFlow{name: i.name, client: t.client(), profile: func() (goth.User, error) { return issuerUser(t, found) }}
	flow.config = oauth2.Config{ClientID: i.client.ID, ClientSecret: i.client.Secret, RedirectURL: i.callback,
		Endpoint: found.endpoint, Scopes: []string{"openid", "email", "profile"}}
	// An issuer that does not list the scope (Cognito) refuses it, and one that does asks for consent.
	if i.keep && found.offline {
		flow.config.Scopes = append(flow.config.Scopes, "offline_access")
		flow.options = append(flow.options, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	return flow, nil
}

func (i *issuer) identify(t *trip, provider goth.Provider, session goth.Session, answer url.Values) (models.Identity, error) {
	found, err := i.discovery.find(t.ctx)
	if err != nil {
		return models.Identity{}, err
	}
	said, err := found.tokens.verify(t)
	if err != nil {
		return models.Identity{}, err
	}
	if found.userinfo != "" && (said.Name == "" || said.Email == "" || said.Verified == nil) {
		if said, err = complete(said, provider, session); err != nil {
			return models.Identity{}, err
		}
	}
	return models.Identity{Subject: said.Subject, Email: said.Email, Vouched: truth(said.Verified), Name: said.Name}, nil
}

// complete takes from userinfo what the ID token did not say. An address and the word that it is
// verified are one statement: they come from the same place, or are about the same address.
func complete(said claims, provider goth.Provider, session goth.Session) (claims, error) {
	user, err := fetch(provider, session)
	if err != nil {
		return claims{}, err
	}
	if user.UserID != said.Subject {
		return claims{}, fmt.Errorf("%w: userinfo of another subject", ErrToken)
	}
	said.Name = cmp.Or(said.Name, user.Name)
	if said.Email == "" || said.Verified == nil && said.Email == user.Email {
		said.Email, said.Verified = user.Email, user.RawData["email_verified"]
	}
	return said, nil
}

func issuerUser(t *trip, found *found) (goth.User, error) {
	var said claims
	if err := t.json(found.userinfo, &said); err != nil {
		return goth.User{}, err
	}
	return goth.User{UserID: said.Subject, Name: said.Name, Email: said.Email,
		RawData: map[string]any{"email_verified": said.Verified}}, nil
}
