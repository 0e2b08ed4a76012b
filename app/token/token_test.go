package token

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	oldSecret = "the old secret of thirty-two bytes or more"
	newSecret = "the new secret of thirty-two bytes or more"
)

func keys(t *testing.T, now func() time.Time, secrets ...string) *Keys {
	t.Helper()
	k, err := NewKeys(secrets, "https://accounts.example.com", now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func someAccess() Access {
	return Access{UserID: uuid.NewString(), SessionID: "AAAAAAAAAAAAAAAAAAAAAA", Count: 3,
		AuthTime: time.Now().Truncate(time.Second), AMR: []string{"pwd"}}
}

func TestAccessTokenSaysWhoAndNothingElseOpens(t *testing.T) {
	t.Parallel()
	k := keys(t, time.Now, oldSecret)
	want := someAccess()
	text, expires, err := k.SignAccess(want, 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.OpenAccess(text)
	want.ExpiresAt = expires
	if err != nil || got.UserID != want.UserID || got.SessionID != want.SessionID || got.Count != 3 ||
		!slices.Equal(got.AMR, want.AMR) ||
		!got.AuthTime.Equal(want.AuthTime) || !got.ExpiresAt.Equal(expires) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if life := time.Until(expires); life > 10*time.Minute || life < 9*time.Minute+28*time.Second {
		t.Fatalf("lives %s", life)
	}
	if _, err := keys(t, time.Now, newSecret).OpenAccess(text); !errors.Is(err, ErrInvalid) {
		t.Fatalf("another house's key: %v", err)
	}
	late := keys(t, func() time.Time { return expires }, oldSecret)
	if _, err := late.OpenAccess(text); !errors.Is(err, ErrExpired) {
		t.Fatalf("at its end: %v", err)
	}
	early := keys(t, func() time.Time { return time.Now().Add(-2 * time.Minute) }, oldSecret)
	if _, err := early.OpenAccess(text); err != nil {
		t.Fatalf("a clock that is behind: %v", err)
	}
}

// Each forgery differs from a good token in one thing.
func TestForgedAccessTokens(t *testing.T) {
	t.Parallel()
	k := keys(t, time.Now, oldSecret)
	public := k.all[0].access.Public().(ed25519.PublicKey)
	good := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": "https://accounts.example.com", "aud": "https://accounts.example.com",
			"sub": uuid.NewString(), "sid": "AAAAAAAAAAAAAAAAAAAAAA", "cnt": 1,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "jti": "x", "auth_time": time.Now().Unix(), "amr": []string{"pwd"}}
	}
	sign := func(method jwt.SigningMethod, key any, header map[string]any, change func(jwt.MapClaims)) string {
		claims := good()
		change(claims)
		unsigned := jwt.NewWithClaims(method, claims)
		unsigned.Header["typ"], unsigned.Header["kid"] = "at+jwt", k.all[0].id
		for name, value := range header {
			unsigned.Header[name] = value
		}
		text, err := unsigned.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	same := func(jwt.MapClaims) {}
	if _, err := k.OpenAccess(sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, same)); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	_, foreign, _ := ed25519.GenerateKey(nil)
	jwk := map[string]any{"jwk": map[string]any{"kty": "OKP", "crv": "Ed25519",
		"x": encode(foreign.Public().(ed25519.PublicKey))}}
	set := func(name string, value any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = value } }
	drop := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	for name, text := range map[string]string{
		"alg none":            sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, same),
		"HS256 by public key": sign(jwt.SigningMethodHS256, []byte(public), nil, same),
		"a foreign key":       sign(jwt.SigningMethodEdDSA, foreign, nil, same),
		"a jwk header":        sign(jwt.SigningMethodEdDSA, foreign, jwk, same),
		"an unknown kid":      sign(jwt.SigningMethodEdDSA, k.all[0].access, map[string]any{"kid": "other"}, same),
		"no kid":              sign(jwt.SigningMethodEdDSA, k.all[0].access, map[string]any{"kid": nil}, same),
		"another typ":         sign(jwt.SigningMethodEdDSA, k.all[0].access, map[string]any{"typ": "JWT"}, same),
		"another issuer":      sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, set("iss", "elsewhere")),
		"another audience":    sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, set("aud", "elsewhere")),
		"no expiry":           sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, drop("exp")),
		"expired": sign(jwt.SigningMethodEdDSA, k.all[0].access, nil,
			set("exp", time.Now().Add(-time.Second).Unix())),
		"no subject": sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, drop("sub")),
		"no session": sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, drop("sid")),
		"no count":   sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, drop("cnt")),
		"no amr":     sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, drop("amr")),
		"nothing":    "",
	} {
		if got, err := k.OpenAccess(text); err == nil {
			t.Errorf("%s opens as %+v", name, got)
		}
	}
	text := sign(jwt.SigningMethodEdDSA, k.all[0].access, nil, same)
	parts := strings.Split(text, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	_ = json.Unmarshal(payload, &claims)
	claims["sub"] = uuid.NewString()
	flipped, _ := json.Marshal(claims)
	if _, err := k.OpenAccess(parts[0] + "." + encode(flipped) + "." + parts[2]); err == nil {
		t.Error("another subject under the same signature opens")
	}
}

func TestRefreshTokenIsTheSameEveryTimeAndUnforgeable(t *testing.T) {
	t.Parallel()
	k := keys(t, time.Now, oldSecret)
	want := Refresh{UserID: uuid.NewString(), SessionID: "AAAAAAAAAAAAAAAAAAAAAQ", Count: 7}
	text, err := k.SignRefresh(want)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := k.SignRefresh(want); again != text {
		t.Fatal("the successor cannot be made again")
	}
	if got, err := k.OpenRefresh(text); err != nil || got != want {
		t.Fatalf("got %+v, %v", got, err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			if _, err := k.OpenRefresh(encode(raw)); err == nil {
				t.Fatalf("opens with bit %d of byte %d flipped", bit, i)
			}
			raw[i] ^= 1 << bit
		}
	}
	for _, other := range []string{"", text + "A", text + "=", " " + text, text[:len(text)-1], text + "\n"} {
		if _, err := k.OpenRefresh(other); err == nil {
			t.Errorf("%q opens", other)
		}
	}
}

// A value has one purpose: no token of one kind opens as another.
func TestPurposesDoNotMix(t *testing.T) {
	t.Parallel()
	k := keys(t, time.Now, oldSecret)
	refresh, _ := k.SignRefresh(Refresh{UserID: uuid.NewString(), SessionID: "AAAAAAAAAAAAAAAAAAAAAQ", Count: 1})
	access, _, _ := k.SignAccess(someAccess(), time.Minute)
	sealed, _ := k.Seal("sign-up", "value", time.Minute)
	var value string
	if _, err := k.OpenAccess(refresh); err == nil {
		t.Error("a refresh token opens as an access token")
	}
	if _, err := k.OpenRefresh(access); err == nil {
		t.Error("an access token opens as a refresh token")
	}
	if _, err := k.OpenRefresh(sealed); err == nil {
		t.Error("a sealed value opens as a refresh token")
	}
	if err := k.Open("reset", sealed, &value); !errors.Is(err, ErrInvalid) {
		t.Errorf("a value sealed for one purpose opens for another: %v", err)
	}
	if err := k.Open("sign-up", sealed, &value); err != nil || value != "value" {
		t.Errorf("got %q, %v", value, err)
	}
	if k.Digest("a", "b") == k.Digest("ab", "") || k.Digest("a", "b", "c") == k.Digest("a", "bc") {
		t.Error("digests of different parts are alike")
	}
}

func TestSealedValuesExpireAndDoNotBend(t *testing.T) {
	t.Parallel()
	now := time.Now()
	k := keys(t, func() time.Time { return now }, oldSecret)
	sealed, err := k.Seal("flow", "value", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(sealed)
	var value string
	for i := range raw {
		raw[i] ^= 1
		if err := k.Open("flow", encode(raw), &value); !errors.Is(err, ErrInvalid) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
		raw[i] ^= 1
	}
	now = now.Add(time.Minute)
	if err := k.Open("flow", sealed, &value); !errors.Is(err, ErrExpired) {
		t.Fatalf("after its life: %v", err)
	}
}

// A secret is added, promoted and dropped; each step opens what the step before has made.
func TestRotation(t *testing.T) {
	t.Parallel()
	steps := []*Keys{keys(t, time.Now, oldSecret), keys(t, time.Now, oldSecret, newSecret),
		keys(t, time.Now, newSecret, oldSecret), keys(t, time.Now, newSecret)}
	refresh := Refresh{UserID: uuid.NewString(), SessionID: "AAAAAAAAAAAAAAAAAAAAAQ", Count: 1}
	for i, k := range steps {
		access, _, _ := k.SignAccess(someAccess(), time.Minute)
		text, _ := k.SignRefresh(refresh)
		sealed, _ := k.Seal("flow", "value", time.Minute)
		for j := max(0, i-1); j <= min(i+1, len(steps)-1); j++ {
			var value string
			_, errAccess := steps[j].OpenAccess(access)
			_, errRefresh := steps[j].OpenRefresh(text)
			if err := errors.Join(errAccess, errRefresh, steps[j].Open("flow", sealed, &value)); err != nil {
				t.Errorf("made at step %d, opened at step %d: %v", i, j, err)
			}
		}
	}
	text, _ := steps[0].SignRefresh(refresh)
	if _, err := steps[3].OpenRefresh(text); err == nil {
		t.Error("a dropped secret still opens")
	}
}

func TestShortSecretsAreRefused(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {"short"}, {oldSecret, "short"}} {
		if _, err := NewKeys(secrets, "https://accounts.example.com", time.Now); err == nil {
			t.Errorf("%q makes keys", secrets)
		}
	}
}
