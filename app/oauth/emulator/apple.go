package emulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const appleIssuer = "https://appleid.apple.com"

func (e *Emulator) apple() *service {
	return &service{
		name: "apple", title: "Apple",
		issuer:   func(*http.Request) string { return appleIssuer },
		codeLife: 5 * time.Minute, tokenLife: time.Hour,
		check: checkApple, client: e.appleClient, refuse: refuseJSON, grant: grantJSON, denied: "user_cancelled_authorize",
		offline: func(*grant) bool { return true },
		claims:  appleClaims,
		first:   e.appleFirst,
		people: []Person{
			{ID: "ada", Label: "her own address, booleans as strings", Subject: "000181.adaadaadaadaadaadaadaadaadaada00.1215",
				Name: "Ada Lovelace", Email: "ada@gmail.com", Verified: true, Strings: true},
			{ID: "relay", Label: "a relay address", Subject: "000182.relayrelayrelayrelayrelayrelay00.1215",
				Name: "Grace Hopper", Email: "x7k2p9@privaterelay.appleid.com", Verified: true, Private: true},
			{ID: "unverified", Label: "an unverified address", Subject: "000183.mallorymallorymallorymallorymal.1215",
				Name: "Mallory", Email: "ada@gmail.com", Strings: true},
			{ID: "nobody", Label: "no address and no name", Subject: "000184.nobodynobodynobodynobodynobodyno.1215"},
		},
	}
}

func (e *Emulator) routeApple(mux *http.ServeMux, s *service) {
	getAndPost(mux, "/appleid.apple.com/auth/authorize", e.authorize(s))
	mux.Handle("POST /appleid.apple.com/auth/token", e.token(s))
	mux.Handle("GET /appleid.apple.com/auth/keys", e.keys(s))
}

// checkApple: whoever asks for a name or an address gets the answer by form_post only, and Apple
// does not read "+" as a space.
func checkApple(r *http.Request) string {
	if r.Form.Get("scope") != "" && r.Form.Get("response_mode") != "form_post" {
		return "response_mode must be form_post when name or email scope is requested."
	}
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if strings.HasPrefix(part, "scope=") && strings.Contains(part, "+") {
			return "invalid_scope"
		}
	}
	return ""
}

// appleClient reads the client secret: a token by the key of the .p8, which the emulator does not
// know, so it checks all but the signature's value.
func (e *Emulator) appleClient(r *http.Request) (string, bool) {
	id := r.PostFormValue("client_id")
	parts := strings.Split(r.PostFormValue("client_secret"), ".")
	if id == "" || len(parts) != 3 {
		return id, false
	}
	var header struct{ Alg, Kid string }
	var claims struct {
		Iss, Sub, Aud string
		Iat, Exp      int64
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 || decode(parts[0], &header) != nil || decode(parts[1], &claims) != nil {
		return id, false
	}
	now := e.now().Unix()
	return id, header.Alg == "ES256" && header.Kid != "" && claims.Iss != "" && claims.Sub == id &&
		claims.Aud == appleIssuer && claims.Exp > now && claims.Iat <= now && claims.Exp-claims.Iat <= 15777000
}

func decode(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func appleClaims(g *grant, texts bool) map[string]any {
	claims := map[string]any{"nonce_supported": true}
	if g.person.Email == "" || !g.allows("email") {
		return claims
	}
	claims["email"], claims["email_verified"] = g.person.Email, g.person.Verified
	if g.person.Private {
		claims["is_private_email"] = true
	}
	if g.person.Strings || texts {
		claims["email_verified"] = strconv.FormatBool(g.person.Verified)
	}
	return claims
}

// appleFirst is the field "user", which comes with the first answer for a person and never again.
func (e *Emulator) appleFirst(g *grant) map[string]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := g.client + " " + g.person.Subject
	if e.issued.named[key] || g.person.Name == "" {
		return nil
	}
	e.issued.named[key] = true
	first, last := g.person.names()
	user, err := json.Marshal(map[string]any{"name": map[string]string{"firstName": first, "lastName": last},
		"email": g.person.Email})
	if err != nil {
		return nil
	}
	return map[string]string{"user": string(user)}
}
