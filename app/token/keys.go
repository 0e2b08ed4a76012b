// Package token signs and opens what Gatehouse hands to browsers: access tokens (JWT), refresh
// tokens (counted, under a MAC) and sealed one-time values. It does no I/O.
package token

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
	"time"
)

// ErrInvalid says that a token or sealed value was not made by us, or is not what it is offered as.
// ErrExpired says that it was ours and its time is over.
var (
	ErrInvalid = errors.New("token: invalid")
	ErrExpired = errors.New("token: expired")
)

// Keys derives every key from the secrets. The first secret signs and seals; all of them verify,
// so a secret is rotated by adding a new one, promoting it, and later dropping the old.
type Keys struct {
	all      []keySet
	issuer   string
	audience []string
	now      func() time.Time
}

// keySet is what one secret becomes: one key per purpose (RFC 5869), so that a value made for one
// does not open as another (token confusion).
type keySet struct {
	id      string
	header  string
	access  ed25519.PrivateKey
	refresh *macs
	seal    []byte
	digest  *macs
	wrap    []byte
}

// NewKeys derives keys from secrets of at least 32 bytes each. issuer is our public address: it is iss and the
// first aud of every access token (RFC 7519, 4.1.1 and 4.1.3), so that two houses under one secret do not take
// each other's. others are the names of the APIs that take our tokens; they stand beside it in aud.
func NewKeys(secrets []string, issuer string, now func() time.Time, others ...string) (*Keys, error) {
	keys := &Keys{issuer: issuer, audience: append([]string{issuer}, others...), now: now}
	for _, secret := range secrets {
		if len(secret) < 32 {
			return nil, errors.New("token: each secret has 32 bytes or more")
		}
		set, err := derive(secret)
		if err != nil {
			return nil, err
		}
		keys.all = append(keys.all, set)
	}
	if len(keys.all) == 0 {
		return nil, errors.New("token: no secret")
	}
	return keys, nil
}

func derive(secret string) (keySet, error) {
	var derived [5][]byte
	for i, label := range []string{"access token", "refresh token", "sealed value", "digest", "data key"} {
		key, err := hkdf.Key(sha256.New, []byte(secret), nil, "gatehouse v1 "+label, 32)
		if err != nil {
			return keySet{}, fmt.Errorf("token: derive %s key: %w", label, err)
		}
		derived[i] = key
	}
	private := ed25519.NewKeyFromSeed(derived[0])
	print := sha256.Sum256(private.Public().(ed25519.PublicKey))
	id := encode(print[:9])
	return keySet{id: id, header: accessHeader(id), access: private, refresh: newMACs(derived[1]), seal: derived[2],
		digest: newMACs(derived[3]), wrap: derived[4]}, nil
}

// Digest is a keyed hash (HMAC-SHA256) of the parts: a counter is named after it instead of after an address.
func (k *Keys) Digest(purpose string, parts ...string) string {
	return k.all[0].digestOf(purpose, parts)
}

// Digests are Digest under each secret, the one that signs first: what one made before a rotation is
// still found after it.
func (k *Keys) Digests(purpose string, parts ...string) []string {
	all := make([]string, len(k.all))
	for i := range k.all {
		all[i] = k.all[i].digestOf(purpose, parts)
	}
	return all
}

func (s *keySet) digestOf(purpose string, parts []string) string {
	return encode(s.digest.sum([]byte(purpose + "\x00" + strings.Join(parts, "\x00"))))
}

// macs makes MACs under one key (HMAC-SHA256, RFC 2104). To prepare a key costs as much as to use
// it, so what is prepared is kept.
type macs struct{ ready sync.Pool }

func newMACs(key []byte) *macs {
	return &macs{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (m *macs) sum(message []byte) []byte {
	mac := m.ready.Get().(hash.Hash)
	defer m.ready.Put(mac)
	mac.Reset()
	mac.Write(message)
	return mac.Sum(nil)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode is strict: a token has one spelling, so that two different strings are never one token.
func decode(s string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, ErrInvalid
	}
	return b, nil
}
