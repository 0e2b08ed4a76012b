package oauth

import (
	"strings"
	"testing"

	"gatehouse/models"
)

// Header injection, and what is no address at all.
func TestBrokenAddressesAreDropped(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"a b@x.example", "a@x.example\r\nBcc: b@x.example", "nobody", "a\x00b@x.example",
		"eve@x.example\x00", "a\u2028b@x.example", "@" + strings.Repeat("a", 254)} {
		if who := normalise(models.Identity{Email: email, Vouched: true}); who.Email != "" || who.Vouched {
			t.Errorf("%q stays: %+v", email, who)
		}
	}
}

// Account takeover: cleaned, an address is another one, perhaps the victim's. Nobody vouches for that.
func TestCleanedAddressIsNotVouchedFor(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]models.Identity{
		" ada@x.example ":               {Email: "ada@x.example", Vouched: true},
		"vic\u200etim@x.example":        {Email: "victim@x.example"},
		"\u202evictim@x.example":        {Email: "victim@x.example"},
		"victim\xff@x.example":          {Email: "victim@x.example"},
		"victim\ufffd@x.example":        {Email: "victim@x.example"},
		"anna\u212a@x.example":          {Email: "anna\u212a@x.example", Vouched: true}, // account's Canonical refuses it
		strings.Repeat("a", 255):        {},
		"":                              {},
		"a@" + strings.Repeat("d", 253): {},
	} {
		if got := normalise(models.Identity{Email: email, Vouched: true}); got != want {
			t.Errorf("%q: %+v, want %+v", email, got, want)
		}
	}
	if normalise(models.Identity{Email: "ada@x.example"}).Vouched {
		t.Error("an address that nobody vouches for is vouched for")
	}
}

func TestNameIsOneShortLine(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"  Anna\n Smith ":                  "Anna Smith",
		"Anna \t Smith":                    "Anna Smith",
		"Anna\u2028Smith":                  "Anna Smith",
		"\x00\u202e":                       "",
		"An\u202ena \u2066Smith\u2069":     "Anna Smith",
		"\xff":                             "",
		"\ufffdAnna":                       "Anna",
		strings.Repeat("é", 200):           strings.Repeat("é", 100),
		strings.Repeat("é", 99) + " Smith": strings.Repeat("é", 99),
		"محمد":                             "محمد",
	} {
		if got := normalise(models.Identity{Name: name}).Name; got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
