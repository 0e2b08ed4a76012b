package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"gatehouse/app/oauth/emulator"
)

// demo is run with every provider's button working on a laptop: the other side is a stand-in on
// loopback, where anyone is anyone. So it never runs in production.
func demo(ctx context.Context, getenv func(string) string) error {
	if getenv("APP_ENV") == "production" {
		return errors.New("APP_ENV: the demo lets anyone be anyone; it does not run in production")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	stand := &http.Server{Handler: emulator.New(time.Now).Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = stand.Serve(listener) }()
	defer func() { _ = stand.Close() }()
	fmt.Fprintf(os.Stderr, "the stand-in's people, and the switches that make it fail: http://%s/\n", listener.Addr())
	registrations, err := demoSettings("http://" + listener.Addr().String())
	if err != nil {
		return err
	}
	return serve(ctx, func(name string) string {
		if value, set := registrations[name]; set {
			return value
		}
		return getenv(name)
	})
}

// demoSettings registers with every provider of an emulator, which takes any id and secret.
func demoSettings(address string) (map[string]string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return map[string]string{
		"OAUTH_EMULATOR":   address,
		"GOOGLE_CLIENT_ID": "demo", "GOOGLE_CLIENT_SECRET": "demo",
		"GITHUB_CLIENT_ID": "demo", "GITHUB_CLIENT_SECRET": "demo",
		"TWITTER_CLIENT_ID": "demo", "TWITTER_CLIENT_SECRET": "demo",
		"APPLE_CLIENT_ID": "com.example.demo", "APPLE_TEAM_ID": "DEMO123456", "APPLE_KEY_ID": "DEMO654321",
		"APPLE_PRIVATE_KEY": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"OIDC_ISSUER":       address + "/oidc", "OIDC_CLIENT_ID": "demo", "OIDC_CLIENT_SECRET": "demo", "OIDC_NAME": "Company",
	}, nil
}
