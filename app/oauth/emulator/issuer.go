package emulator

import (
	"net/http"
	"strconv"
	"time"
)

// issuer is any company's own: OIDC_ISSUER is the emulator's address and "/oidc".
func issuer() *service {
	return &service{
		name: "oidc", title: "single sign-on", issuer: issuerURL, sendsIss: true,
		codeLife: time.Minute, tokenLife: time.Hour, pkce: true,
		client: postOrBasic, refuse: refuseJSON, grant: grantJSON, denied: "access_denied", rotates: true,
		offline: func(g *grant) bool { return g.allows("offline_access") },
		claims:  issuerClaims,
		people: []Person{
			{ID: "ada", Label: "a verified address", Subject: "7c1f0a52-0001", Name: "Ada Lovelace", Email: "ada@gmail.com",
				Verified: true},
			{ID: "slim", Label: "a verified address, in userinfo only", Subject: "7c1f0a52-0002", Name: "Grace Hopper",
				Email: "grace@navy.example", Verified: true, Slim: true},
			{ID: "unverified", Label: "an unverified address", Subject: "7c1f0a52-0003", Name: "Mallory",
				Email: "ada@gmail.com"},
			{ID: "nobody", Label: "no address", Subject: "7c1f0a52-0004", Name: "Nobody"},
			{ID: "ada-renamed", Label: "Ada, after a new name and address", Subject: "7c1f0a52-0001", Name: "Augusta King",
				Email: "augusta@example.com", Verified: true},
		},
	}
}

func issuerURL(r *http.Request) string { return "http://" + r.Host + "/oidc" }

func (e *Emulator) routeIssuer(mux *http.ServeMux, s *service) {
	mux.HandleFunc("GET /oidc/.well-known/openid-configuration", e.discovery)
	getAndPost(mux, "/oidc/authorize", e.authorize(s))
	mux.Handle("POST /oidc/token", e.token(s))
	mux.Handle("GET /oidc/keys", e.keys(s))
	mux.HandleFunc("GET /oidc/userinfo", e.userinfo)
}

func (e *Emulator) discovery(w http.ResponseWriter, r *http.Request) {
	s := e.service("oidc")
	if e.injectFault(w, r, s, "discovery") {
		return
	}
	address := issuerURL(r)
	metadata := map[string]any{
		"issuer": address, "authorization_endpoint": address + "/authorize", "token_endpoint": address + "/token",
		"userinfo_endpoint": address + "/userinfo", "jwks_uri": address + "/keys",
		"scopes_supported":         []string{"openid", "email", "profile", "offline_access"},
		"response_types_supported": []string{"code"},
		"subject_types_supported":  []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":      []string{"S256"}, "authorization_response_iss_parameter_supported": true,
	}
	if e.fault(s.name) == "issuer" {
		metadata["issuer"] = "https://elsewhere.example"
	}
	writeJSON(w, http.StatusOK, metadata)
}

func issuerClaims(g *grant, texts bool) map[string]any {
	if g.person.Slim {
		return nil
	}
	return profile(g, texts)
}

func profile(g *grant, texts bool) map[string]any {
	claims := map[string]any{}
	if g.allows("profile") {
		claims["name"] = g.person.Name
	}
	if g.allows("email") && g.person.Email != "" {
		claims["email"], claims["email_verified"] = g.person.Email, g.person.Verified
		if texts {
			claims["email_verified"] = strconv.FormatBool(g.person.Verified)
		}
	}
	return claims
}

func (e *Emulator) userinfo(w http.ResponseWriter, r *http.Request) {
	s := e.service("oidc")
	if e.injectFault(w, r, s, "profile") {
		return
	}
	g := e.bearer(s, r)
	if g == nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	fault := e.fault(s.name)
	claims := profile(g, fault == "strings")
	claims["sub"] = g.person.Subject
	if fault == "stranger" {
		claims["sub"] = "7c1f0a52-9999"
	}
	writeJSON(w, http.StatusOK, claims)
}
