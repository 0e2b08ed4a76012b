package server

import (
	"net/url"
	"testing"
)

func TestTheSiteIsNamedByItsHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{"accounts.example.com": "accounts.example", "example.co.uk": "example",
		"a.b.example.com.au": "a.b.example",

		"localhost": "", "127.0.0.1": "", "[::1]": "", "intranet": "", "blumenladen.localhost": "blumenladen"} {
		if got := siteName(&url.URL{Host: host}); got != want {
			t.Errorf("siteName(%q) = %q, want %q", host, got, want)
		}
	}
}
