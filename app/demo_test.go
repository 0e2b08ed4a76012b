package main

import (
	"strings"
	"testing"

	"gatehouse/app/oauth/emulator"
)

// The demo has every button, and never runs in production.
func TestDemoIsNotForProduction(t *testing.T) {
	t.Parallel()
	if err := demo(t.Context(), lookup([]string{"APP_ENV=production"})); err == nil ||
		!strings.Contains(err.Error(), "APP_ENV") {
		t.Errorf("the demo in production: %v", err)
	}
	settings, err := emulator.Registrations("http://127.0.0.1:1")
	if err != nil || settings["OAUTH_EMULATOR"] == "" {
		t.Errorf("the demo's settings: %v", err)
	}
	err = command(t.Context(), nil, lookup([]string{"APP_ENV=production", "OAUTH_EMULATOR=http://127.0.0.1:1"}), console{})
	if err == nil || !strings.Contains(err.Error(), "OAUTH_EMULATOR: it lets anyone be anyone") {
		t.Errorf("the emulator in production: %v", err)
	}
}
