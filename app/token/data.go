package token

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
)

// DataKey is a random key for what must outlive a rotated secret: provider tokens, waiting mails. It rests
// wrapped by each secret (envelope encryption), so whoever drops one loses nothing.
type DataKey struct{ key []byte }

// Wrapping is the data key sealed under one secret. Secret names it, and does not tell it.
type Wrapping struct{ Secret, Sealed string }

// NewDataKey makes one: 256 random bits.
func NewDataKey() *DataKey {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return &DataKey{key}
}

const wrapPurpose = "data key"

// Wrap seals the data key under each secret.
func (k *Keys) Wrap(data *DataKey) ([]Wrapping, error) {
	all := make([]Wrapping, len(k.all))
	for i, set := range k.all {
		sealed, err := box(set.wrap, wrapPurpose, data.key)
		if err != nil {
			return nil, err
		}
		all[i] = Wrapping{Secret: set.id, Sealed: sealed}
	}
	return all, nil
}

// Unwrap opens the data key with any secret that fits. whole says that each secret has a wrapping and that there
// is no other. ErrInvalid when none fits.
func (k *Keys) Unwrap(wrappings []Wrapping) (data *DataKey, whole bool, err error) {
	sealed := map[string]string{}
	for _, w := range wrappings {
		sealed[w.Secret] = w.Sealed
	}
	whole = len(sealed) == len(k.all)
	for _, set := range k.all {
		raw, err := decode(sealed[set.id])
		if err != nil || len(raw) == 0 {
			whole = false
			continue
		}
		key, err := unbox(set.wrap, wrapPurpose, raw)
		if err != nil {
			return nil, false, fmt.Errorf("token: unwrap: %w", err) // under its own name: damaged, or put there
		}
		data = &DataKey{key}
	}
	if data == nil {
		return nil, false, ErrInvalid
	}
	return data, whole, nil
}

// Seal makes an opaque, authenticated string of value that opens for the same purpose, without an end.
func (d *DataKey) Seal(purpose string, value any) (string, error) {
	plain, err := compact(value)
	if err != nil {
		return "", fmt.Errorf("token: seal %s: %w", purpose, err)
	}
	return box(d.key, purpose, plain)
}

// Open reads what Seal made into the value that into points at. ErrInvalid for anything else.
func (d *DataKey) Open(purpose, text string, into any) error {
	raw, err := decode(text)
	if err != nil {
		return err
	}
	plain, err := unbox(d.key, purpose, raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return ErrInvalid
	}
	return nil
}
