package main

import (
	"strings"
	"testing"
)

// A password that the site's own address gives away is refused at the door.
func TestAPasswordOfTheSitesAddressIsRefused(t *testing.T) {
	h := newHouse(t, "APP_URL=http://id.blumenladen.localhost:0")
	for password, refused := range map[string]bool{"Blumenladen-26!x": true, "id.blumenladen": true, "tulips in the rain": false} {
		got := h.browser().post("/sign-up", "name", "Ada", "email", someone(), "password", password)
		if said := strings.Contains(text(got.body), "the name of this site"); said != refused {
			t.Errorf("%q: %d, %v", password, got.status, said)
		}
	}
}
