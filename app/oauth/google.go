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

// google is goth's provider, with code verifier, nonce, and a verified ID token.
type google struct {
	traits
	provider *gothgoogle.Provider
	tokens   idTokens
}

func newGoogle(plan plan) (source, error) {
	client := plan.Google
	if err := client.whole(); err != nil {
		return nil, err
	}
	provider := gothgoogle.New(client.ID, client.Secret, plan.callback, "openid", "email", "profile")
	if plan.keep {
		// Google gives a refresh token only with a fresh consent.
		provider.SetPrompt("select_account", "consent")
	} else {
		provider.SetAccessType("online")
		provider.SetPrompt("select_account")
	}
	return &google{
		traits: traits{name: "google", label: "Google", issuer: googleIssuer, probe: googleKeys,
			pkce: true, nonce: true, maxAge: true, keep: plan.keep, wire: plan.wire},
		provider: provider,
		tokens:   idTokens{issuer: googleIssuer, audience: client.ID, keys: remoteKeys(plan.wire, googleKeys), now: plan.now},
	}, nil
}

// dial copies goth's provider for its client; the copies share the configuration.
func (g *google) dial(t *trip) (goth.Provider, error) {
	provider := *g.provider
	provider.HTTPClient = t.client()
	return &provider, nil
}

func (g *google) identify(t *trip, provider goth.Provider, session goth.Session, _ url.Values) (models.Identity, error) {
	said, err := g.tokens.verify(t)
	if err != nil {
		return models.Identity{}, err
	}
	if said.Email == "" || said.Name == "" {
		if said, err = g.complete(said, provider, session); err != nil {
			return models.Identity{}, err
		}
	}
	return models.Identity{Subject: said.Subject, Email: said.Email, Name: said.Name, Vouched: googleVouches(said)}, nil
}

// complete takes from the profile what the ID token did not say.
func (g *google) complete(said claims, provider goth.Provider, session goth.Session) (claims, error) {
	user, err := fetch(provider, session)
	if err != nil {
		return claims{}, err
	}
	if user.UserID != said.Subject {
		return claims{}, fmt.Errorf("%w: profile of another subject", ErrToken)
	}
	if said.Name == "" {
		said.Name = user.Name
	}
	if said.Email == "" {
		said.Email, said.Verified = user.Email, user.RawData["verified_email"]
		said.Hosted, _ = user.RawData["hd"].(string)
	}
	return said, nil
}

// googleVouches: Google runs the mailboxes of gmail.com and of Workspace domains. Any other address
// was proven once, at some time, and may be someone else's by now.
func googleVouches(said claims) bool {
	_, domain, _ := strings.Cut(strings.ToLower(said.Email), "@")
	return truth(said.Verified) && (domain == "gmail.com" || domain == "googlemail.com" || said.Hosted != "")
}
