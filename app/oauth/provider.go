package oauth

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/markbates/goth"

	"gatehouse/models"
)

// provider is one configured provider.
type provider interface {
	about() traits
	// gothProvider is goth's provider for one exchange; every request it makes goes through the exchange.
	gothProvider(*exchange) (goth.Provider, error)
	// identify returns who signed in, after session was authorized. It trusts the verified ID token before the
	// profile, and what the browser brought (callback) not at all.
	identify(ex *exchange, upstream goth.Provider, session goth.Session, callback url.Values) (models.Identity, error)
}

// traits are how a provider differs from the others.
type traits struct {
	name        string
	issuer      string // what "iss" in its authorization responses must say (RFC 9207)
	probe       string // an address that answers when the provider is up
	pkce, nonce bool
	// What a re-authentication (step-up) may ask for: max_age, which has the ID token carry auth_time, and prompt=login
	// (OpenID Connect Core, 3.1.2.1). Google refuses the latter; GitHub, X and Apple know neither.
	maxAge, login bool
	scoped        bool // identities are keyed by issuer and subject
	keep          bool
	transport     *transport
	decorate      func(*http.Request, url.Values) // changes a token request, or nil
}

func (t traits) about() traits { return t }

// fetchUser reads the profile.
func fetchUser(upstream goth.Provider, session goth.Session) (user goth.User, err error) {
	err = recoverPanic(func() error {
		user, err = upstream.FetchUser(session)
		return err
	})
	return user, err
}

// isTrue reads a boolean claim. Cognito and Apple sometimes send it as a string.
func isTrue(claim any) bool {
	switch v := claim.(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	}
	return false
}
