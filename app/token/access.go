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

// Access is what an access token says: who, in which session, how they proved it and when.
type Access struct {
	UserID    string
	SessionID string
	Count     int64
	AuthTime  time.Time
	AMR       string
	IssuedAt  time.Time // by the clock of the process that signed it
	ExpiresAt time.Time
}

// claims is Access as it is written (RFC 7519; sid, auth_time and amr from OpenID Connect).
type claims struct {
	jwt.RegisteredClaims
	SessionID string           `json:"sid"`
	Count     int64            `json:"cnt"`
	AuthTime  *jwt.NumericDate `json:"auth_time"`
	AMR       []string         `json:"amr"`
}

// written is Access as it is signed. It says the same as claims, in plain numbers: a browser is
// handed one of these every few minutes, and half the work of making it would be reflection.
type written struct {
	Issuer    string    `json:"iss"`
	Audience  string    `json:"aud"`
	Subject   string    `json:"sub"`
	SessionID string    `json:"sid"`
	Count     int64     `json:"cnt"`
	IssuedAt  int64     `json:"iat"`
	ExpiresAt int64     `json:"exp"`
	ID        string    `json:"jti"`
	AuthTime  int64     `json:"auth_time"`
	AMR       [1]string `json:"amr"`
}

// SignAccess makes an access token that lives for life less up to 5 %, so that browsers that
// signed in together do not refresh together. It fills in and returns when it expires.
func (k *Keys) SignAccess(access Access, life time.Duration) (string, time.Time, error) {
	now := k.now()
	access.ExpiresAt = now.Add(life - jitter(life)).Truncate(time.Second)
	payload, err := json.Marshal(written{Issuer: k.issuer, Audience: k.issuer, Subject: access.UserID, SessionID: access.SessionID,
		Count: access.Count, IssuedAt: now.Unix(), ExpiresAt: access.ExpiresAt.Unix(), ID: rand.Text(),
		AuthTime: access.AuthTime.Unix(), AMR: [1]string{access.AMR}})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("token: sign access token: %w", err)
	}
	text := append(make([]byte, 0, 640), k.all[0].header...)
	text = base64.RawURLEncoding.AppendEncode(append(text, '.'), payload)
	signature := ed25519.Sign(k.all[0].access, text) // RFC 8037, 3.1
	return string(base64.RawURLEncoding.AppendEncode(append(text, '.'), signature)), access.ExpiresAt, nil
}

// accessHeader is the first part of every access token under one key (RFC 7515, 4.1).
func accessHeader(kid string) string {
	return encode([]byte(`{"alg":"EdDSA","kid":"` + kid + `","typ":"` + accessType + `"}`))
}

// OpenAccess verifies an access token: one algorithm, our type, our key, our issuer and audience,
// not expired. Everything a header could offer instead of our own keys (jwk, jku, x5u) is ignored.
// iat is handed on and not judged: clocks that differ cost a refresh, never a sign-in.
func (k *Keys) OpenAccess(text string) (Access, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer(k.issuer), jwt.WithAudience(k.issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(k.now), jwt.WithStrictDecoding())
	var read claims
	if _, err := parser.ParseWithClaims(text, &read, k.accessKey); err != nil {
		return Access{}, accessError(err)
	}
	if read.Subject == "" || read.SessionID == "" || read.Count < 1 || read.AuthTime == nil || read.IssuedAt == nil || len(read.AMR) == 0 {
		return Access{}, ErrInvalid
	}
	return Access{UserID: read.Subject, SessionID: read.SessionID, Count: read.Count, AuthTime: read.AuthTime.Time,
		AMR: read.AMR[0], IssuedAt: read.IssuedAt.Time, ExpiresAt: read.ExpiresAt.Time}, nil
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
