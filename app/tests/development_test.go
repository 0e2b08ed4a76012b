package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/config"
)

// The mails of development hold everyone's codes: they are shown to a browser on this machine that asks
// this machine, and to nobody else, whatever stands between.
func TestMailsAreShownToThisMachineAlone(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Forwarded", "Via", "X-Real-Ip", "X-Forwarded-Host"} { // a tunnel or a proxy that says no more
		h := newHouse(t, "TRUSTED_PROXIES=")
		request, _ := http.NewRequest(http.MethodGet, h.url+"/dev/mail", nil)
		request.Header.Set(header, "203.0.113.9")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 404 {
			t.Errorf("through something that says %s: %d", header, response.StatusCode)
		}
	}
	for name, c := range map[string]struct {
		proxies, forwarded, host string
		want                     int
	}{
		"a browser here":                     {"", "", "", 200},
		"by name":                            {"", "", "localhost:3000", 200},
		"by IPv6":                            {"", "", "[::1]:3000", 200},
		"here, through a proxy of ours":      {"127.0.0.1", "127.0.0.1", "", 200},
		"elsewhere, through such a proxy":    {"127.0.0.1", "203.0.113.7", "", 404},
		"through a proxy that does not know": {"127.0.0.1", "unknown", "", 404},
		"through a tunnel":                   {"", "203.0.113.7", "", 404},
		"through a tunnel that lies":         {"", "127.0.0.1", "", 404},
		"under a name that leads here":       {"", "", "evil.example", 404}, // DNS rebinding
		"under a number that is not here":    {"", "", "203.0.113.7:3000", 404},
	} {
		h := newHouse(t, "TRUSTED_PROXIES="+c.proxies)
		request, _ := http.NewRequest(http.MethodGet, h.url+"/dev/mail", nil)
		if c.forwarded != "" {
			request.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if c.host != "" {
			request.Host = c.host
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, response.StatusCode, c.want)
		}
	}
}

// What an operator forgets is named in the first lines: development on a server, and a proxy whose list is
// missing (one stranger would use up everybody's limits).
func TestTheStartNamesWhatIsForgotten(t *testing.T) {
	t.Parallel()
	production := map[string]string{"APP_ENV": "production", "APP_URL": "https://accounts.example.com", "APP_SECRETS": strings.Repeat("s", 32),
		"SMTP_URL": "smtp://localhost", "MAIL_FROM": "a@example.com"}
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
	if log := said(production); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "TRUSTED_PROXIES is not set") {
		t.Errorf("https without TRUSTED_PROXIES: %s", log)
	}
	if log := said(production, "TRUSTED_PROXIES", "10.0.0.0/8"); strings.Contains(log, "level=WARN") || strings.Contains(log, "development") {
		t.Errorf("with it: %s", log)
	}
	if log := said(map[string]string{}); !strings.Contains(log, "development") || strings.Contains(log, "TRUSTED_PROXIES") {
		t.Errorf("development: %s", log)
	}
	if _, err := config.Load(func(name string) string { return map[string]string{"APP_URL": "https://accounts.example.com"}[name] }); err == nil || !strings.Contains(err.Error(), "APP_ENV=production") {
		t.Errorf("a public address without APP_ENV starts: %v", err)
	}
}
