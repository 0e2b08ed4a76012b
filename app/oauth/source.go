package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/markbates/goth"

	"gatehouse/models"
)

// source is one configured provider.
type source interface {
	about() traits
	// dial is goth's provider for one trip; every request it makes goes through the trip.
	dial(*trip) (goth.Provider, error)
	// identify says who came back, after session was authorized. It trusts the verified ID token
	// before the profile, and what the browser brought (answer) not at all.
	identify(t *trip, provider goth.Provider, session goth.Session, answer url.Values) (models.Identity, error)
}

// traits are how a provider differs from the others.
type traits struct {
	name, label string
	issuer      string // what an "iss" in its answers must say (RFC 9207)
	probe       string // an address that answers when the provider is up
	pkce, nonce bool
	// What a re-authentication may ask for: max_age, to which the ID token answers with auth_time, and
	// prompt=login. Google refuses the latter; GitHub, X and Apple know neither.
	maxAge, login bool
	scoped        bool // subjects are the issuer's own: the identity's key names the issuer beside them
	keep          bool
	wire          *wire
	dress         func(*http.Request, url.Values) // changes a token request, or nil
}

func (t traits) about() traits { return t }

// fetch reads the profile.
func fetch(provider goth.Provider, session goth.Session) (user goth.User, err error) {
	err = safely(func() error {
		user, err = provider.FetchUser(session)
		return err
	})
	return user, err
}

// truth reads a claim that is true. Cognito and Apple sometimes spell it as a string.
func truth(claim any) bool {
	switch v := claim.(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	}
	return false
}

// tidy makes an identity fit to show and to store: a name is one short line, an address that is
// none is dropped, and nothing is vouched for that is not there.
func tidy(who models.Identity) models.Identity {
	who.Name = line(who.Name, 100)
	who.Email = strings.TrimSpace(who.Email)
	if len(who.Email) > 254 || !strings.Contains(who.Email, "@") || strings.ContainsFunc(who.Email, odd) {
		who.Email = ""
	}
	who.Vouched = who.Vouched && who.Email != ""
	return who
}

func odd(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }

func line(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most])
	}
	return strings.TrimSpace(s)
}
