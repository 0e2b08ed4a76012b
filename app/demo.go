package main

import (
	"context"
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
	registrations, err := emulator.Registrations("http://" + listener.Addr().String())
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
