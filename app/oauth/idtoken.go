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

// idClaims are the claims of an ID token or of a userinfo response (OpenID Connect Core, 5.1). Verified is a bool, or a
// string that says so, or absent.
type idClaims struct {
	Subject         string `json:"sub"`
	Email           string `json:"email"`
	Verified        any    `json:"email_verified"`
	Name            string `json:"name"`
	HostedDomain    string `json:"hd"`
	AuthorizedParty string `json:"azp"`
	AuthTime        int64  `json:"auth_time"` // Unix seconds
}

// authLeeway is how far a provider's clock may be behind ours in auth_time.
const authLeeway = time.Minute

func remoteKeys(tr *transport, address string) oidc.KeySet {
	return oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), tr.client()), address)
}

// verify validates an ID token: signature, issuer, audience, expiry, nonce, the hash of the access token where there is
// one, and auth_time at a re-authentication (OpenID Connect Core, 3.1.3.7). ErrToken, or ErrUnavailable when the
// issuer's keys cannot be had.
func (v idTokens) verify(ex *exchange) (idClaims, error) {
	keys := &observedKeySet{KeySet: v.keys}
	verifier := oidc.NewVerifier(v.issuer, keys, &oidc.Config{
		ClientID: v.audience, SupportedSigningAlgs: v.algorithms, Now: v.now,
	})
	token, err := verifier.Verify(ex.ctx, ex.token.ID)
	if keys.missing {
		return idClaims{}, fmt.Errorf("%w: no keys from %s", ErrUnavailable, ex.about.name)
	}
	if err != nil {
		return idClaims{}, fmt.Errorf("%w: %s", ErrToken, verifyError(err))
	}
	// Replay: without the nonce, an ID token stolen from another sign-in of the same person would do.
	if ex.flow.Nonce == "" || !constantTimeEqual(ex.flow.Nonce, token.Nonce) {
		return idClaims{}, fmt.Errorf("%w: nonce", ErrToken)
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(ex.token.Access) != nil {
		return idClaims{}, fmt.Errorf("%w: at_hash", ErrToken)
	}
	var claims idClaims
	if token.Claims(&claims) != nil {
		return idClaims{}, fmt.Errorf("%w: claims", ErrToken)
	}
	if len(token.Audience) > 1 && claims.AuthorizedParty != v.audience {
		return idClaims{}, fmt.Errorf("%w: azp", ErrToken)
	}
	if ex.flow.Reauthenticate && !recentAuthTime(ex, claims) {
		return idClaims{}, fmt.Errorf("%w: auth_time", ErrToken)
	}
	return claims, nil
}

// recentAuthTime reports whether the provider authenticated the person in this flow, where it was asked to (step-up;
// OpenID Connect Core, 3.1.2.1: with max_age the claim is required). Google may leave it out.
func recentAuthTime(ex *exchange, claims idClaims) bool {
	if claims.AuthTime == 0 {
		return !ex.about.login
	}
	return claims.AuthTime >= ex.flow.Began-int64(authLeeway/time.Second)
}

// verifyError tells an expired token, which a wrong clock makes, from all others. The library's text quotes the token's
// claims and goes into no log.
func verifyError(err error) string {
	var expired *oidc.TokenExpiredError
	if errors.As(err, &expired) {
		return "expired"
	}
	return "signature, issuer or audience"
}

// observedKeySet tells missing keys from a wrong signature, which the verifier reports alike: the key set wraps the
// error of a fetch and nothing else.
type observedKeySet struct {
	oidc.KeySet
	missing bool
}

func (o *observedKeySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := o.KeySet.VerifySignature(ctx, token)
	o.missing = err != nil && (errors.Unwrap(err) != nil || ctx.Err() != nil)
	return payload, err
}
