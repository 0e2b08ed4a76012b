package tests

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit"
)

// forger makes access tokens as ours are made, so that each test changes one thing only.
type forger struct {
	t      *testing.T
	key    ed25519.PrivateKey
	header map[string]any
	claims map[string]any
}

// newForger starts from a real token, and knows the house's own secret.
func newForger(t *testing.T, h *testkit.House, access string) forger {
	t.Helper()
	seed, err := hkdf.Key(sha256.New, []byte(h.Env["APP_SECRETS"]), nil, "gatehouse v1 access token", 32)
	if err != nil {
		t.Fatal(err)
	}
	header := testkit.Claims(t, "x."+strings.Split(access, ".")[0]+".x")
	return forger{t, ed25519.NewKeyFromSeed(seed), header, testkit.Claims(t, access)}
}

func (f forger) part(base, change map[string]any) string {
	all := maps.Clone(base)
	maps.Copy(all, change)
	raw, err := json.Marshal(all)
	if err != nil {
		f.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

type change = map[string]any

// sign makes a token of the real one with changes, under our key or another.
func (f forger) sign(header, claims change, key ed25519.PrivateKey) string {
	text := f.part(f.header, header) + "." + f.part(f.claims, claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

// hs256 signs with the public key as if it were a shared secret: what a library that lets the token
// choose its algorithm would accept.
func (f forger) hs256() string {
	text := f.part(f.header, change{"alg": "HS256"}) + "." + f.part(f.claims, nil)
	mac := hmac.New(sha256.New, f.key.Public().(ed25519.PublicKey))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestForgedAccessTokensAreRefused(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	owner := h.Browser().SignUp(testkit.Someone())
	real := owner.Cookies()["access"]
	f := newForger(t, h, real)
	public, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(real, ".")
	theirs := change{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public)}
	past := time.Now().Add(-time.Second).Unix()
	forged := map[string]string{
		"alg none":                  f.part(f.header, change{"alg": "none"}) + "." + parts[1] + ".",
		"alg none, old signature":   f.part(f.header, change{"alg": "none"}) + "." + parts[1] + "." + parts[2],
		"alg None":                  f.part(f.header, change{"alg": "None"}) + "." + parts[1] + ".",
		"no signature":              parts[0] + "." + parts[1] + ".",
		"HS256 with our public key": f.hs256(),
		"another user": parts[0] + "." + f.part(f.claims,
			change{"sub": "019312ab-0000-7000-8000-000000000000"}) + "." + parts[2],
		"a later end":                  parts[0] + "." + f.part(f.claims, change{"exp": past + 86400}) + "." + parts[2],
		"wrong typ":                    f.sign(change{"typ": "JWT"}, nil, f.key),
		"no typ":                       f.sign(change{"typ": nil}, nil, f.key),
		"a foreign key under our kid":  f.sign(nil, nil, foreign),
		"a foreign key in jwk":         f.sign(change{"jwk": theirs}, nil, foreign),
		"a foreign key in jwk, no kid": f.sign(change{"jwk": theirs, "kid": nil}, nil, foreign),
		"a foreign key behind jku":     f.sign(change{"jku": h.URL + "/keys", "kid": "1"}, nil, foreign),
		"unknown kid":                  f.sign(change{"kid": "another"}, nil, f.key),
		"expired":                      f.sign(nil, change{"exp": past}, f.key),
		"no end":                       f.sign(nil, change{"exp": nil}, f.key),
		"another issuer":               f.sign(nil, change{"iss": "elsewhere"}, f.key),
		"another audience":             f.sign(nil, change{"aud": []string{"elsewhere"}}, f.key),
		"no session":                   f.sign(nil, change{"sid": ""}, f.key),
		"no subject":                   f.sign(nil, change{"sub": ""}, f.key),
		"another spelling":             respelled(real),
		"a refresh token":              owner.Cookies()["refresh"],
		"a flow cookie's like":         strings.Repeat("A", 400),
		"empty":                        "..",
	}
	thief := h.Browser()
	thief.Keep("access", f.sign(nil, change{"jti": "control"}, f.key))
	if got := thief.Get("/auth/session"); got.Status != 200 {
		t.Fatalf("the forger's own hand is off: a token made by the rules answers %d", got.Status)
	}
	for name, token := range forged {
		thief := h.Browser()
		thief.Keep("access", token)
		if got := thief.Get("/auth/session"); got.Status != 401 || strings.Contains(got.Body, "sub") {
			t.Errorf("%s: GET /auth/session answered %d %s", name, got.Status, got.Body)
		}
		if got := thief.Get("/dashboard"); got.Status != 303 || got.To() != "/sign-in?next=%2Fdashboard" {
			t.Errorf("%s: GET /dashboard answered %d to %q", name, got.Status, got.To())
		}
	}
	if !owner.SignedIn() {
		t.Error("the owner was signed out by someone else's forgeries")
	}
}

// respelled changes bits at the end of a token that carry nothing: another string, the same bytes.
func respelled(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

func TestForgedRefreshTokensAreRefused(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		owner, other := h.Browser().SignUp(testkit.Someone()), h.Browser().SignUp(testkit.Someone())
		real, err := base64.RawURLEncoding.DecodeString(owner.Cookies()["refresh"])
		if err != nil {
			t.Fatal(err)
		}
		theirs, _ := base64.RawURLEncoding.DecodeString(other.Cookies()["refresh"])
		forged := map[string]string{"empty": "", "short": "AAAA", "respelled": respelled(owner.Cookies()["refresh"]),
			"an access token": owner.Cookies()["access"], "cut": owner.Cookies()["refresh"][:90],
			"long": owner.Cookies()["refresh"] + "AAAA"}
		change := func(name string, by func(raw []byte)) {
			raw := append([]byte(nil), real...)
			by(raw)
			forged[name] = base64.RawURLEncoding.EncodeToString(raw)
		}
		change("another user's id", func(raw []byte) { copy(raw[1:17], theirs[1:17]) })
		change("another user's session", func(raw []byte) { copy(raw[1:33], theirs[1:33]) })
		change("count and one", func(raw []byte) { raw[40]++ })
		change("a count of nothing", func(raw []byte) { raw[40] = 0 })
		for i := range real {
			change("a flipped bit in byte "+string(rune('0'+i/10))+string(rune('0'+i%10)),
				func(raw []byte) { raw[i] ^= 1 << (i % 8) })
		}
		for name, token := range forged {
			thief := h.Browser()
			thief.Keep("refresh", token)
			if got := thief.Post("/auth/refresh"); got.Status != 401 || thief.Cookies()["access"] != "" {
				t.Errorf("%s: POST /auth/refresh answered %d", name, got.Status)
			}
		}
		if got := owner.Post("/auth/refresh"); got.Status != 204 {
			t.Errorf("after the forgeries, the owner's own trade answered %d", got.Status)
		}
	})
}

// Two houses under one secret do not take each other's tokens, and another issuer's person of the same
// number is another person.
func TestHousesAndIssuersAreTold(t *testing.T) {
	t.Parallel()
	one, other := testkit.NewHouse(t), testkit.NewHouse(t)
	b, elsewhere := one.Browser().SignUp(testkit.Someone()), other.Browser()
	elsewhere.Keep("access", b.Cookies()["access"])
	if got := elsewhere.Get("/auth/session"); got.Status != 401 {
		t.Errorf("a token of another house: %d", got.Status)
	}
	h, s := testkit.NewEmulated(t)
	person := h.Browser().By("oidc", "nobody").User()
	again, err := h.DB.Identities.Find(t.Context(), "oidc", subjectOf(s, "oidc", "nobody"))
	if err != nil || again.UserID != person {
		t.Errorf("kept as %+v, %v", again, err)
	}
}
