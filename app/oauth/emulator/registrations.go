package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// Registrations are the settings of a Gatehouse that is registered with every provider of an emulator at an
// address. It takes any id and secret.
func Registrations(address string) (map[string]string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	return map[string]string{
		"OAUTH_EMULATOR":   address,
		"GOOGLE_CLIENT_ID": "demo", "GOOGLE_CLIENT_SECRET": "demo",
		"GITHUB_CLIENT_ID": "demo", "GITHUB_CLIENT_SECRET": "demo",
		"TWITTER_CLIENT_ID": "demo", "TWITTER_CLIENT_SECRET": "demo",
		"APPLE_CLIENT_ID": "com.example.demo", "APPLE_TEAM_ID": "DEMO123456", "APPLE_KEY_ID": "DEMO654321",
		"APPLE_PRIVATE_KEY": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"OIDC_ISSUER":       address + "/oidc", "OIDC_CLIENT_ID": "demo", "OIDC_CLIENT_SECRET": "demo",
		"OIDC_NAME": "Company",
	}, nil
}
