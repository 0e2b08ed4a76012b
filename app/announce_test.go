package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"gatehouse/app/config"
)

// What an operator forgets is named in the first lines: development on a server, and a proxy whose list is
// missing (one stranger would use up everybody's limits).
func TestTheStartNamesWhatIsForgotten(t *testing.T) {
	t.Parallel()
	production := map[string]string{"APP_ENV": "production", "APP_URL": "https://accounts.example.com",
		"APP_SECRETS": strings.Repeat("s", 32),
		"SMTP_URL":    "smtp://localhost", "MAIL_FROM": "a@example.com"}
	said := func(settings map[string]string, more ...string) string {
		for i := 0; i+1 < len(more); i += 2 {
			settings[more[i]] = more[i+1]
		}
		cfg, err := config.Load(func(name string) string { return settings[name] })
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		announce(cfg, slog.New(slog.NewTextHandler(&out, nil)))
		return out.String()
	}
	if log := said(production); !strings.Contains(log, "level=WARN") ||
		!strings.Contains(log, "TRUSTED_PROXIES is not set") {
		t.Errorf("https without TRUSTED_PROXIES: %s", log)
	}
	if log := said(production, "TRUSTED_PROXIES", "10.0.0.0/8"); strings.Contains(log, "level=WARN") ||
		strings.Contains(log, "development") {
		t.Errorf("with it: %s", log)
	}
	if log := said(map[string]string{}); !strings.Contains(log, "development") ||
		strings.Contains(log, "TRUSTED_PROXIES") {
		t.Errorf("development: %s", log)
	}
	if _, err := config.Load(func(name string) string {
		return map[string]string{"APP_URL": "https://accounts.example.com"}[name]
	}); err == nil || !strings.Contains(err.Error(), "APP_ENV=production") {
		t.Errorf("a public address without APP_ENV starts: %v", err)
	}
}
