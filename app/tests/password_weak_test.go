package tests

import (
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// A password that the site's own address gives away is refused at the door.
func TestAPasswordOfTheSitesAddressIsRefused(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "APP_URL=http://id.blumenladen.localhost:0")
	for password, refused := range map[string]bool{"Blumenladen-26!x": true, "id.blumenladen": true,
		"tulips in the rain": false} {
		got := h.Browser().Post("/sign-up", "name", "Ada", "email", testkit.Someone(), "password", password)
		if said := strings.Contains(testkit.Text(got.Body), "the name of this site"); said != refused {
			t.Errorf("%q: %d, %v", password, got.Status, said)
		}
	}
}
