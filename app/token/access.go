package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
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
type claims struct {
	jwt.RegisteredClaims
	SessionID     string   `json:"sid"`
	Count         int64    `json:"cnt"`
	AuthTime      int64    `json:"auth_time"`
	AMR           []string `json:"amr"`
	Roles         []string `json:"roles"`
	Name          string   `json:"name,omitempty"`
	Email         string   `json:"email,omitempty"`
	EmailVerified bool     `json:"email_verified,omitempty"`
	Picture       string   `json:"picture,omitempty"`
}

// SignAccess makes an access token that lives for life less up to 5 %, so that browsers that
// signed in together do not refresh together. It returns when the token expires.
func (k *Keys) SignAccess(access Access, life time.Duration) (string, time.Time, error) {
	now := k.now()
	expires := now.Add(life - jitter(life)).Truncate(time.Second)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{ // RFC 8037, 3.1
		RegisteredClaims: jwt.RegisteredClaims{Issuer: k.issuer, Audience: k.audience, Subject: access.UserID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires), ID: rand.Text()},
		SessionID: access.SessionID, Count: access.Count, AuthTime: access.AuthTime.Unix(), AMR: access.AMR,
		Roles: append([]string{}, access.Roles...), // a list for those who have none, too
		Name:  access.Name, Email: access.Email, EmailVerified: access.EmailVerified, Picture: access.Picture,
	})
	unsigned.Header["typ"], unsigned.Header["kid"] = accessType, k.all[0].id
	text, err := unsigned.SignedString(k.all[0].access)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("token: sign access token: %w", err)
	}
	return text, expires, nil
}

// OpenAccess verifies an access token: one algorithm, our type, our key, our issuer, ourselves among the
// audience, not expired. Everything a header could offer instead of our own keys (jwk, jku, x5u) is ignored.
// iat is handed on and not judged: clocks that differ cost a refresh, never a sign-in.
func (k *Keys) OpenAccess(text string) (Access, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer(k.issuer), jwt.WithAudience(k.issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(k.now), jwt.WithStrictDecoding())
	var read claims
	if _, err := parser.ParseWithClaims(text, &read, k.accessKey); err != nil {
		return Access{}, accessError(err)
	}
	if read.Subject == "" || read.SessionID == "" || read.Count < 1 || read.AuthTime == 0 || read.IssuedAt == nil || len(read.AMR) == 0 {
		return Access{}, ErrInvalid
	}
	return Access{UserID: read.Subject, SessionID: read.SessionID, Count: read.Count, AuthTime: time.Unix(read.AuthTime, 0),
		AMR: read.AMR, Roles: read.Roles, Name: read.Name, Email: read.Email, EmailVerified: read.EmailVerified, Picture: read.Picture,
		IssuedAt: read.IssuedAt.Time, ExpiresAt: read.ExpiresAt.Time}, nil
}

// accessKey lets kid choose among our own keys, and nothing else.
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
