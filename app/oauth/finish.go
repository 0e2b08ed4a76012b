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

// Finish reads the answer a browser brought to the callback of a provider (code, state, error, iss,
// and Apple's user) and says who came. flow is the one from the browser's own cookie: an answer
// without it, or to another question, is someone else's sign-in pushed into this browser. Nothing
// is sent to the provider before every check here has passed.
func (p *Providers) Finish(ctx context.Context, provider string, flow Flow, answer url.Values) (models.Identity, error) {
	source, err := p.find(provider)
	if err != nil {
		return models.Identity{}, err
	}
	if err := check(source.about(), flow, answer); err != nil {
		return models.Identity{}, err
	}
	t, done := newTrip(ctx, source.about(), flow)
	defer done()
	who, err := t.finish(source, answer)
	if err != nil {
		return models.Identity{}, t.failed(err)
	}
	if who.Subject == "" || len(who.Subject) > 255 || strings.ContainsFunc(who.Subject, unstorable) { // OpenID Connect Core, 2
		return models.Identity{}, fmt.Errorf("%w: %s named no subject", ErrProvider, provider)
	}
	who.Provider = provider
	if source.about().scoped { // another issuer's person of the same number is another person
		who.Subject = source.about().issuer + "#" + who.Subject
	}
	if source.about().keep {
		who.Tokens = t.tokens(p.now())
	}
	return tidy(who), nil
}

// unstorable finds what Postgres takes for no text, and what two broken subjects would share.
func unstorable(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }

// check compares the answer with the question.
func check(about traits, flow Flow, answer url.Values) error {
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(answer[name]) > 1 {
			return fmt.Errorf("%w: %s came twice", ErrState, name) // RFC 6749, 3.1
		}
	}
	if flow.State == "" || !same(flow.State, answer.Get("state")) {
		return fmt.Errorf("%w: state", ErrState)
	}
	if flow.Provider != about.name {
		return fmt.Errorf("%w: begun with another provider", ErrState)
	}
	if refusal := answer.Get("error"); refusal != "" {
		return refused(refusal)
	}
	// Mix-up: a code of one server brought to the callback of another (RFC 9207, 2.4).
	if iss := answer.Get("iss"); iss != "" && iss != about.issuer {
		return fmt.Errorf("%w: another issuer", ErrState)
	}
	if answer.Get("code") == "" {
		return fmt.Errorf("%w: no code", ErrProvider)
	}
	return nil
}

func refused(refusal string) error {
	switch refusal {
	case "access_denied", "user_cancelled_authorize", "user_cancelled_login", "user_denied":
		return ErrDenied
	}
	return fmt.Errorf("%w: %s", ErrProvider, code(refusal))
}

func (t *trip) finish(source source, answer url.Values) (models.Identity, error) {
	provider, err := source.dial(t)
	if err != nil {
		return models.Identity{}, err
	}
	if t.named && answer.Get("iss") == "" {
		return models.Identity{}, fmt.Errorf("%w: no issuer", ErrState) // RFC 9207, 2.4
	}
	session, err := t.exchange(provider, answer.Get("code"))
	if err != nil {
		return models.Identity{}, err
	}
	return source.identify(t, provider, session, answer)
}

// exchange trades the code for tokens. goth gets the code alone: some of its providers would take
// redirect_uri and code_verifier from whatever else the browser brought.
func (t *trip) exchange(provider goth.Provider, code string) (session goth.Session, err error) {
	err = safely(func() error {
		if session, err = provider.UnmarshalSession("{}"); err != nil {
			return err
		}
		_, err = session.Authorize(provider, url.Values{"code": {code}})
		return err
	})
	return session, err
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
