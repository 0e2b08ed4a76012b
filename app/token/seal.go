package token

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// sealed is the envelope inside a sealed value.
type sealed struct {
	Expires int64           `json:"e"` // Unix seconds
	Value   json.RawMessage `json:"v"`
}

// Seal makes an opaque, authenticated string of value (XChaCha20-Poly1305) that opens for the same
// purpose until life is over. A value sealed for one purpose is refused for
// every other (token confusion).
func (k *Keys) Seal(purpose string, value any, life time.Duration) (string, error) {
	inner, err := compact(value)
	if err != nil {
		return "", fmt.Errorf("token: seal %s: %w", purpose, err)
	}
	plain, err := compact(sealed{Expires: k.now().Add(life).Unix(), Value: inner})
	if err != nil {
		return "", fmt.Errorf("token: seal %s: %w", purpose, err)
	}
	return box(k.all[0].seal, purpose, plain)
}

// box encrypts and authenticates under a key, for one purpose.
func box(key []byte, purpose string, plain []byte) (string, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return "", fmt.Errorf("token: seal %s: %w", purpose, err)
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	return encode(aead.Seal(nonce, nonce, plain, []byte(purpose))), nil
}

// unbox is the reverse of box. ErrInvalid when it was not made under this key for this purpose.
func unbox(key []byte, purpose string, raw []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("token: open %s: %w", purpose, err)
	}
	if len(raw) < aead.NonceSize() {
		return nil, ErrInvalid
	}
	plain, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], []byte(purpose))
	if err != nil {
		return nil, ErrInvalid
	}
	return plain, nil
}

// compact is JSON without the escapes that only a page needs: each & would take six bytes, and a
// cookie has 4096.
func compact(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// Open reads a sealed value into the one that into points at. ErrInvalid for anything not sealed by
// us for this purpose, ErrExpired when its life is over.
func (k *Keys) Open(purpose, text string, into any) error {
	raw, err := decode(text)
	if err != nil {
		return err
	}
	plain, err := k.unseal(purpose, raw)
	if err != nil {
		return err
	}
	var envelope sealed
	if err := json.Unmarshal(plain, &envelope); err != nil {
		return ErrInvalid
	}
	if k.now().Unix() >= envelope.Expires {
		return ErrExpired
	}
	if err := json.Unmarshal(envelope.Value, into); err != nil {
		return ErrInvalid
	}
	return nil
}

func (k *Keys) unseal(purpose string, raw []byte) ([]byte, error) {
	for _, set := range k.all {
		plain, err := unbox(set.seal, purpose, raw)
		if !errors.Is(err, ErrInvalid) {
			return plain, err
		}
	}
	return nil, ErrInvalid
}
