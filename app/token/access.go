package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const accessType = "at+jwt" // RFC 9068, 2.1

// Access is what an access token says: who, in which session, how they proved it and when, and what else
// the settings name.
type Access struct {
	UserID        string
	SessionID     string
	Count         int64
	AuthTime      time.Time
	AMR           []string // RFC 8176
	Roles         []string
	Name          string
	Email         string
	EmailVerified bool
	Picture       string    // an address
	IssuedAt      time.Time // by the clock of the process that signed it
	ExpiresAt     time.Time
}

// claims is Access as it is written: RFC 7519; sid, auth_time, amr, name, email, email_verified and picture
// from OpenID Connect; roles from RFC 9068. What else a token has is ignored, so that a newer build may add.
// Times are plain numbers: jwt.NumericDate would take as long to write as everything else together.
type claims struct {
	Issuer        string           `json:"iss"`
	Audience      jwt.ClaimStrings `json:"aud"`
	Subject       string           `json:"sub"`
	SessionID     string           `json:"sid"`
	Count         int64            `json:"cnt"`
	IssuedAt      int64            `json:"iat"`
	ExpiresAt     int64            `json:"exp"`
	ID            string           `json:"jti"`
	AuthTime      int64            `json:"auth_time"`
	AMR           []string         `json:"amr"`
	Roles         []string         `json:"roles"`
	Name          string           `json:"name,omitempty"`
	Email         string           `json:"email,omitempty"`
	EmailVerified bool             `json:"email_verified,omitempty"`
	Picture       string           `json:"picture,omitempty"`
}

// What follows is jwt.Claims. There is no nbf, and iat is not judged.

func (c *claims) GetIssuer() (string, error)              { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)             { return c.Subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)  { return c.Audience, nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)  { return nil, nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }
func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) {
	if c.ExpiresAt == 0 {
		return nil, nil // required: none is refused
	}
	return jwt.NewNumericDate(time.Unix(c.ExpiresAt, 0)), nil
}

// SignAccess makes an access token that lives for life less up to 5 %, so that browsers that signed in together
// do not refresh together. It returns when the token expires. It is written here and not by the library, which
// would make the same header anew each time; a refresh signs one.
func (k *Keys) SignAccess(access Access, life time.Duration) (string, time.Time, error) {
	now := k.now()
	expires := now.Add(life - jitter(life)).Truncate(time.Second)
	payload, err := json.Marshal(claims{
		Issuer: k.issuer, Audience: k.audience, Subject: access.UserID, SessionID: access.SessionID, Count: access.Count,
		IssuedAt: now.Unix(), ExpiresAt: expires.Unix(), ID: rand.Text(),
		AuthTime: access.AuthTime.Unix(), AMR: access.AMR, Roles: listed(access.Roles),
		Name: access.Name, Email: access.Email, EmailVerified: access.EmailVerified, Picture: access.Picture,
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("token: sign access token: %w", err)
	}
	text := append(make([]byte, 0, 1024), k.all[0].header...)
	text = base64.RawURLEncoding.AppendEncode(append(text, '.'), payload)
	signature := ed25519.Sign(k.all[0].access, text) // RFC 8037, 3.1
	return string(base64.RawURLEncoding.AppendEncode(append(text, '.'), signature)), expires, nil
}

// listed is a list for whoever has none, too: null is no list.
func listed(roles []string) []string {
	if roles == nil {
		return []string{}
	}
	return roles
}

// accessHeader is the first part of every access token under one key (RFC 7515, 4.1).
func accessHeader(kid string) string {
	return encode([]byte(`{"alg":"EdDSA","kid":"` + kid + `","typ":"` + accessType + `"}`))
}

// OpenAccess validates an access token: one algorithm (no alg none, no key confusion), our type, our key, our
// issuer, ourselves among the audience, not expired. Everything a header could offer instead of our own keys
// (jwk, jku, x5u) is ignored.
// iat is handed on and not judged: clocks that differ cost a refresh, never a sign-in.
func (k *Keys) OpenAccess(text string) (Access, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer(k.issuer), jwt.WithAudience(k.issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(k.now), jwt.WithStrictDecoding())
	var read claims
	if _, err := parser.ParseWithClaims(text, &read, k.accessKey); err != nil {
		return Access{}, accessError(err)
	}
	if read.Subject == "" || read.SessionID == "" || read.Count < 1 || read.AuthTime == 0 || read.IssuedAt == 0 ||
		len(read.AMR) == 0 {
		return Access{}, ErrInvalid
	}
	return Access{
		UserID: read.Subject, SessionID: read.SessionID, Count: read.Count,
		AuthTime: time.Unix(read.AuthTime, 0), AMR: read.AMR, Roles: read.Roles,
		Name: read.Name, Email: read.Email, EmailVerified: read.EmailVerified, Picture: read.Picture,
		IssuedAt: time.Unix(read.IssuedAt, 0), ExpiresAt: time.Unix(read.ExpiresAt, 0),
	}, nil
}

// accessKey lets kid choose among our own keys, and nothing else: no path, no address, no query (kid injection).
func (k *Keys) accessKey(t *jwt.Token) (any, error) {
	if t.Header["typ"] != accessType {
		return nil, ErrInvalid
	}
	for _, set := range k.all {
		if t.Header["kid"] == set.id {
			return set.access.Public().(ed25519.PublicKey), nil
		}
	}
	return nil, ErrInvalid
}

func accessError(err error) error {
	if errors.Is(err, jwt.ErrTokenExpired) {
		return ErrExpired
	}
	return ErrInvalid
}

// jitter is 0 to 5 % of life, evenly; 0 of a life that is over, where the remainder below would be
// anything at all.
func jitter(life time.Duration) time.Duration {
	if life <= 0 {
		return 0
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return time.Duration(binary.BigEndian.Uint64(b[:]) % uint64(life/20+1))
}
