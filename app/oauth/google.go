package oauth

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/markbates/goth"
	gothgoogle "github.com/markbates/goth/providers/google"

	"gatehouse/models"
)

const (
	googleIssuer = "https://accounts.google.com"
	googleKeys   = "https://www.googleapis.com/oauth2/v3/certs"
)

// google is goth's provider, with PKCE, nonce, and a validated ID token.
type google struct {
	traits
	provider *gothgoogle.Provider
	tokens   idTokens
}

func newGoogle(config providerConfig) (provider, error) {
	client := config.Google
	if err := client.validate(); err != nil {
		return nil, err
	}
	provider := gothgoogle.New(client.ID, client.Secret, config.callback, "openid", "email", "profile")
	if config.keep {
		// Google gives a refresh token only with a fresh consent.
		provider.SetPrompt("select_account", "consent")
	} else {
		provider.SetAccessType("online")
		provider.SetPrompt("select_account")
	}
	return &google{
		traits: traits{name: "google", issuer: googleIssuer, probe: googleKeys,
			pkce: true, nonce: true, maxAge: true, keep: config.keep, transport: config.transport},
		provider: provider,
		tokens: idTokens{issuer: googleIssuer, audience: client.ID, keys: remoteKeys(config.transport, googleKeys),
			now: config.now},
	}, nil
}

// gothProvider copies goth's provider for its client; the copies share the configuration.
func (g *google) gothProvider(ex *exchange) (goth.Provider, error) {
	provider := *g.provider
	provider.HTTPClient = ex.client()
	return &provider, nil
}

func (g *google) identify(
	ex *exchange, upstream goth.Provider, session goth.Session, _ url.Values,
) (models.Identity, error) {
	claims, err := g.tokens.verify(ex)
	if err != nil {
		return models.Identity{}, err
	}
	if claims.Email == "" || claims.Name == "" {
		if claims, err = g.completeFromProfile(claims, upstream, session); err != nil {
			return models.Identity{}, err
		}
	}
	return models.Identity{Subject: claims.Subject, Email: claims.Email, Name: claims.Name,
		Vouched: googleIsAuthoritative(claims)}, nil
}

// completeFromProfile takes from the profile what the ID token did not say.
func (g *google) completeFromProfile(claims idClaims, upstream goth.Provider, session goth.Session) (idClaims, error) {
	user, err := fetchUser(upstream, session)
	if err != nil {
		return idClaims{}, err
	}
	if user.UserID != claims.Subject {
		return idClaims{}, fmt.Errorf("%w: profile of another subject", ErrToken)
	}
	if claims.Name == "" {
		claims.Name = user.Name
	}
	if claims.Email == "" {
		claims.Email, claims.Verified = user.Email, user.RawData["verified_email"]
		claims.HostedDomain, _ = user.RawData["hd"].(string)
	}
	return claims, nil
}

// googleIsAuthoritative refuses account takeover by an old address: Google runs the mailboxes of gmail.com and of
// Workspace domains. Any other address was verified once, at some time, and may be someone else's by now.
func googleIsAuthoritative(claims idClaims) bool {
	_, domain, _ := strings.Cut(strings.ToLower(claims.Email), "@")
	return isTrue(claims.Verified) && (domain == "gmail.com" || domain == "googlemail.com" || claims.HostedDomain != "")
}
