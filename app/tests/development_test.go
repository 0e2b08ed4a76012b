package tests

import (
	"net/http"
	"testing"

	"gatehouse/app/tests/testkit"
)

// The mails of development hold everyone's codes: they are shown to a browser on this machine that asks
// this machine, and to nobody else, whatever stands between.
func TestMailsAreShownToThisMachineAlone(t *testing.T) {
	t.Parallel()
	// a tunnel or a proxy that says no more
	for _, header := range []string{"Forwarded", "Via", "X-Real-Ip", "X-Forwarded-Host"} {
		h := testkit.NewHouse(t, "TRUSTED_PROXIES=")
		request, _ := http.NewRequest(http.MethodGet, h.URL+"/dev/mail", nil)
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
		h := testkit.NewHouse(t, "TRUSTED_PROXIES="+c.proxies)
		request, _ := http.NewRequest(http.MethodGet, h.URL+"/dev/mail", nil)
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
