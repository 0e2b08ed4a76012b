package emulator

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
)

const keyID = "emulator-1"

// sign makes a compact JWS with RS256 (RFC 7515, RFC 7518 3.3).
func (e *Emulator) sign(claims map[string]any, fault string) (string, error) {
	algorithm := "RS256"
	if fault == "none" {
		algorithm = "none"
	}
	header, err := json.Marshal(map[string]string{"alg": algorithm, "kid": keyID, "typ": "JWT"})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := encode(header) + "." + encode(payload)
	if fault == "none" {
		return text + ".", nil
	}
	key, err := e.key()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	if fault == "signature" {
		signature[0] ^= 1
	}
	return text + "." + encode(signature), nil
}

// keys is the JWK set (RFC 7517).
func (e *Emulator) keys(s *service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.injectFault(w, r, s, "keys") {
			return
		}
		key, err := e.key()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "kid": keyID, "use": "sig", "alg": "RS256",
			"n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
}

// accessTokenHash is at_hash of an access token (OpenID Connect Core, 3.1.3.6).
func accessTokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return encode(sum[:len(sum)/2])
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
