package oauth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// idTokens verifies the ID tokens of one issuer. Its keys are fetched when first needed and kept.
type idTokens struct {
	issuer, audience string
	keys             oidc.KeySet
	algorithms       []string // empty: RS256
	now              func() time.Time
}

// claims are what an ID token, or a userinfo answer, says of a person. Verified is a bool, or a
// string that says so, or absent.
type claims struct {
	Subject  string `json:"sub"`
	Email    string `json:"email"`
	Verified any    `json:"email_verified"`
	Name     string `json:"name"`
	Hosted   string `json:"hd"`
	Party    string `json:"azp"`
	AuthTime int64  `json:"auth_time"` // Unix seconds
}

// authLeeway is how far a provider's clock may be behind ours when it says when it saw the person.
const authLeeway = time.Minute

func remoteKeys(w *wire, address string) oidc.KeySet {
	return oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), w.client()), address)
}

// verify checks signature, issuer, audience, expiry, nonce, and the hash of the access token where
// there is one (OpenID Connect Core, 3.1.3.7). ErrToken, or ErrUnavailable when the issuer's keys
// cannot be had.
func (v idTokens) verify(t *trip) (claims, error) {
	keys := &watched{KeySet: v.keys}
	verifier := oidc.NewVerifier(v.issuer, keys, &oidc.Config{
		ClientID: v.audience, SupportedSigningAlgs: v.algorithms, Now: v.now,
	})
	token, err := verifier.Verify(t.ctx, t.token.ID)
	if keys.missing {
		return claims{}, fmt.Errorf("%w: no keys from %s", ErrUnavailable, t.about.name)
	}
	if err != nil {
		return claims{}, fmt.Errorf("%w: %s", ErrToken, reason(err))
	}
	// Without the nonce, a token stolen from another sign-in of the same person would do.
	if t.flow.Nonce == "" || !same(t.flow.Nonce, token.Nonce) {
		return claims{}, fmt.Errorf("%w: nonce", ErrToken)
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(t.token.Access) != nil {
		return claims{}, fmt.Errorf("%w: at_hash", ErrToken)
	}
	var said claims
	if token.Claims(&said) != nil {
		return claims{}, fmt.Errorf("%w: claims", ErrToken)
	}
	if len(token.Audience) > 1 && said.Party != v.audience {
		return claims{}, fmt.Errorf("%w: azp", ErrToken)
	}
	if t.flow.Fresh && !seenAgain(t, said) {
		return claims{}, fmt.Errorf("%w: auth_time", ErrToken)
	}
	return said, nil
}

// seenAgain reports whether the provider saw the person in this flow, where it was asked to (OpenID
// Connect Core, 3.1.2.1: with max_age the claim is required). Google may leave it out.
func seenAgain(t *trip, said claims) bool {
	if said.AuthTime == 0 {
		return !t.about.login
	}
	return said.AuthTime >= t.flow.Began-int64(authLeeway/time.Second)
}

// reason tells an expired token, which a wrong clock makes, from all others. The library's text
// quotes the token's claims.
func reason(err error) string {
	var expired *oidc.TokenExpiredError
	if errors.As(err, &expired) {
		return "expired"
	}
	return "signature, issuer or audience"
}

// watched tells missing keys from a wrong signature, which the verifier reports alike: its key set
// wraps the error of a fetch and nothing else.
type watched struct {
	oidc.KeySet
	missing bool
}

func (w *watched) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := w.KeySet.VerifySignature(ctx, token)
	w.missing = err != nil && (errors.Unwrap(err) != nil || ctx.Err() != nil)
	return payload, err
}
