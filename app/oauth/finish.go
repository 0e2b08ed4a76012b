package oauth

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/markbates/goth"

	"gatehouse/models"
)

// Finish validates the authorization response at a provider's callback (code, state, error, iss, and Apple's user),
// exchanges the code and returns the normalised identity. flow is the one from the browser's own cookie: a response
// without it, or to another flow, is login CSRF, someone else's sign-in pushed into this browser. Nothing is sent to
// the provider before every check has passed. ErrState, ErrDenied, ErrToken, ErrProvider, ErrUnavailable, ErrLimited.
func (p *Providers) Finish(
	ctx context.Context, provider string, flow Flow, callback url.Values,
) (models.Identity, error) {
	configured, err := p.find(provider)
	if err != nil {
		return models.Identity{}, err
	}
	if err := validateCallback(configured.about(), flow, callback); err != nil {
		return models.Identity{}, err
	}
	ex, done := newExchange(ctx, configured.about(), flow)
	defer done()
	who, err := ex.finish(configured, callback)
	if err != nil {
		return models.Identity{}, ex.safeError(err)
	}
	if who.Subject == "" || len(who.Subject) > 255 || strings.ContainsFunc(who.Subject,
		invalidInSubject) { // OpenID Connect Core, 2
		return models.Identity{}, fmt.Errorf("%w: %s named no subject", ErrProvider, provider)
	}
	who.Provider = provider
	if configured.about().scoped { // the same subject of another issuer is another person (OpenID Connect Core, 5.7)
		who.Subject = configured.about().issuer + "#" + who.Subject
	}
	if configured.about().keep {
		who.Tokens = ex.providerTokens(p.now())
	}
	return normalise(who), nil
}

// invalidInSubject finds what Postgres does not store as text, and what two broken subjects would share.
func invalidInSubject(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }

// validateCallback refuses login CSRF (state: RFC 6749, 10.12), a response to a flow with another provider, and the
// mix-up attack (iss: RFC 9207). ErrState, ErrDenied, ErrProvider.
func validateCallback(about traits, flow Flow, callback url.Values) error {
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(callback[name]) > 1 {
			return fmt.Errorf("%w: %s came twice", ErrState, name) // RFC 6749, 3.1
		}
	}
	if flow.State == "" || !constantTimeEqual(flow.State, callback.Get("state")) {
		return fmt.Errorf("%w: state", ErrState)
	}
	if flow.Provider != about.name {
		return fmt.Errorf("%w: begun with another provider", ErrState)
	}
	if refusal := callback.Get("error"); refusal != "" {
		return callbackError(refusal)
	}
	// Mix-up attack: a code of one server brought to the callback of another (RFC 9207, 2.4).
	if iss := callback.Get("iss"); iss != "" && iss != about.issuer {
		return fmt.Errorf("%w: another issuer", ErrState)
	}
	if callback.Get("code") == "" {
		return fmt.Errorf("%w: no code", ErrProvider)
	}
	return nil
}

func callbackError(refusal string) error {
	switch refusal {
	case "access_denied", "user_cancelled_authorize", "user_cancelled_login", "user_denied":
		return ErrDenied
	}
	return fmt.Errorf("%w: %s", ErrProvider, errorCode(refusal))
}

func (ex *exchange) finish(configured provider, callback url.Values) (models.Identity, error) {
	upstream, err := configured.gothProvider(ex)
	if err != nil {
		return models.Identity{}, err
	}
	if ex.requiresIss && callback.Get("iss") == "" {
		return models.Identity{}, fmt.Errorf("%w: no issuer", ErrState) // mix-up attack: RFC 9207, 2.4
	}
	session, err := ex.redeemCode(upstream, callback.Get("code"))
	if err != nil {
		return models.Identity{}, err
	}
	return configured.identify(ex, upstream, session, callback)
}

// redeemCode exchanges the code for tokens (RFC 6749, 4.1.3). goth gets the code alone: some of its providers would
// take redirect_uri and code_verifier from whatever else the browser brought.
func (ex *exchange) redeemCode(upstream goth.Provider, code string) (session goth.Session, err error) {
	err = recoverPanic(func() error {
		if session, err = upstream.UnmarshalSession("{}"); err != nil {
			return err
		}
		_, err = session.Authorize(upstream, url.Values{"code": {code}})
		return err
	})
	return session, err
}

func constantTimeEqual(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
