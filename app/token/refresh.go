package token

import (
	"crypto/hmac"
	"encoding/binary"
	"math"

	"github.com/google/uuid"
)

// Refresh is what a refresh token says. Count orders the tokens of one session, for rotation and reuse detection;
// there is no time in it and no secret, so the store keeps none, and a replay gets the very same successor.
type Refresh struct {
	UserID    string // a UUID
	SessionID string // 16 bytes, base64url
	Count     int64
}

const (
	refreshVersion = 1
	refreshPlain   = 1 + 16 + 16 + 8
	refreshSize    = refreshPlain + 32
)

// SignRefresh makes the refresh token of one session and count: the same one every time (idempotent).
func (k *Keys) SignRefresh(r Refresh) (string, error) {
	user, err := uuid.Parse(r.UserID)
	if err != nil {
		return "", ErrInvalid
	}
	session, err := decode(r.SessionID)
	if err != nil || len(session) != 16 || r.Count < 1 {
		return "", ErrInvalid
	}
	b := make([]byte, 0, refreshSize)
	b = append(b, refreshVersion)
	b = append(b, user[:]...)
	b = append(b, session...)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Count))
	return encode(append(b, k.all[0].refresh.sum(b)...)), nil
}

// OpenRefresh verifies a refresh token. ErrInvalid for anything that none of our secrets has
// signed: a forged token is refused before any I/O.
func (k *Keys) OpenRefresh(text string) (Refresh, error) {
	b, err := decode(text)
	if err != nil || len(b) != refreshSize || b[0] != refreshVersion || !k.signedRefresh(b) {
		return Refresh{}, ErrInvalid
	}
	count := binary.BigEndian.Uint64(b[33:refreshPlain])
	if count < 1 || count > math.MaxInt64-1 {
		return Refresh{}, ErrInvalid
	}
	return Refresh{UserID: uuid.UUID(b[1:17]).String(), SessionID: encode(b[17:33]), Count: int64(count)}, nil
}

func (k *Keys) signedRefresh(b []byte) bool {
	for _, set := range k.all {
		if hmac.Equal(b[refreshPlain:], set.refresh.sum(b[:refreshPlain])) {
			return true
		}
	}
	return false
}
