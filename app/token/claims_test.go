package token

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// payload is what a token says to whoever reads it without us.
func payload(t *testing.T, text string) map[string]any {
	t.Helper()
	raw, err := decode(strings.Split(text, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var said map[string]any
	if err := json.Unmarshal(raw, &said); err != nil {
		t.Fatal(err)
	}
	return said
}

func TestClaimsTravel(t *testing.T) {
	t.Parallel()
	k, err := NewKeys([]string{oldSecret}, "https://accounts.example.com", time.Now, "https://api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	want := someAccess()
	want.AMR, want.Roles = []string{"pwd", "otp", "mfa"}, []string{"admin", "billing"}
	want.Name, want.Email, want.EmailVerified, want.Picture = "Ada", "ada@example.com", true, "https://accounts.example.com/p"
	text, expires, err := k.SignAccess(want, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	said := payload(t, text)
	for name, value := range map[string]any{
		"iss": "https://accounts.example.com", "aud": []any{"https://accounts.example.com", "https://api.example.com"},
		"amr": []any{"pwd", "otp", "mfa"}, "roles": []any{"admin", "billing"}, "auth_time": float64(want.AuthTime.Unix()),
		"name": "Ada", "email": "ada@example.com", "email_verified": true, "picture": want.Picture,
	} {
		if !reflect.DeepEqual(said[name], value) {
			t.Errorf("%s is %v, want %v", name, said[name], value)
		}
	}
	got, err := keys(t, time.Now, oldSecret).OpenAccess(text) // without the further audience: its setting may change
	if want.ExpiresAt, want.IssuedAt = expires, got.IssuedAt; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

// Whoever has no role and no claim has an empty list, and no empty words.
func TestNothingIsClaimedOfWhoeverHasNothing(t *testing.T) {
	t.Parallel()
	text, _, err := keys(t, time.Now, oldSecret).SignAccess(someAccess(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	said := payload(t, text)
	if !reflect.DeepEqual(said["roles"], []any{}) {
		t.Errorf("roles are %v", said["roles"])
	}
	for _, name := range []string{"name", "email", "email_verified", "picture"} {
		if value, there := said[name]; there {
			t.Errorf("%s is %v", name, value)
		}
	}
}

// A newer build may add claims; a token for others alone is not for us.
func TestUnknownClaimsAreIgnoredAndAudiencesAreNot(t *testing.T) {
	t.Parallel()
	k := keys(t, time.Now, oldSecret)
	sign := func(audience any) string {
		unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA,
			jwt.MapClaims{"iss": k.issuer, "aud": audience, "sub": "u", "sid": "s",
				"cnt": 1, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "auth_time": 1, "amr": []string{"pwd"},
				"roles": []string{}, "acr": "new", "groups": map[string]any{"of": []int{1}}})
		unsigned.Header["typ"], unsigned.Header["kid"] = accessType, k.all[0].id
		text, err := unsigned.SignedString(k.all[0].access)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, audience := range []any{k.issuer, []string{k.issuer}, []string{"https://api.example.com", k.issuer}} {
		if got, err := k.OpenAccess(sign(audience)); err != nil || got.UserID != "u" {
			t.Errorf("for %v: %+v, %v", audience, got, err)
		}
	}
	for _, audience := range []any{"https://api.example.com", []string{"https://api.example.com"}, []string{}, ""} {
		if _, err := k.OpenAccess(sign(audience)); !errors.Is(err, ErrInvalid) {
			t.Errorf("for %v: %v", audience, err)
		}
	}
}

// A browser keeps no cookie of more than 4,096 bytes: the longest person there can be fits, in the least
// convenient letters.
func TestTheLongestTokenFitsACookie(t *testing.T) {
	t.Parallel()
	issuer := "https://" + strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + ".example.com:65535"
	k, err := NewKeys([]string{oldSecret}, issuer, time.Now, strings.Repeat("c", 200))
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range []string{"&", "𝒜", "\u2028"} { // JSON makes six bytes of the first and the last
		access := someAccess()
		access.AMR, access.Roles = []string{"pwd", "otp", "hwk", "mfa"}, strings.Split(strings.Repeat("r ", 255)+"rr", " ")
		access.Name, access.Email, access.EmailVerified = strings.Repeat(letter, 100), strings.Repeat("e",
			242)+"@example.com", true
		access.Count, access.Picture = 1<<53, issuer+"/profile/picture?v=0123456789abcdef"
		text, _, err := k.SignAccess(access, time.Minute)
		if cookie := len("__Host-access=") + len(text) +
			len("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000"); err != nil || cookie > 4096 {
			t.Errorf("names of %q: %d bytes, %v", letter, cookie, err)
		}
	}
}
