package emulator

import (
	"net/http"
	"strings"
	"time"
)

func google() *service {
	return &service{
		name: "google", title: "Google", sendsIss: true,
		issuer:   func(*http.Request) string { return "https://accounts.google.com" },
		codeLife: 10 * time.Minute, tokenLife: 3599 * time.Second,
		client: clientSecretPost, refuse: refuseJSON, grant: grantJSON, denied: "access_denied",
		offline: func(g *grant) bool { return g.offline },
		claims:  googleClaims,
		people: []Person{
			{ID: "ada", Label: "a Gmail address", Subject: "104201234567890123451", Name: "Ada Lovelace", Email: "ada@gmail.com",
				Verified: true},
			{ID: "grace", Label: "a Workspace address (hd)", Subject: "104201234567890123452", Name: "Grace Hopper",
				Email: "grace@navy.example", Verified: true, Hosted: "navy.example"},
			{ID: "linus", Label: "a verified address that is not Google's", Subject: "104201234567890123453", Name: "Linus T",
				Email: "linus@kernel.example", Verified: true, Slim: true},
			{ID: "slim", Label: "a Gmail address, in userinfo only", Subject: "104201234567890123455", Name: "Joan Clarke",
				Email: "joan@gmail.com", Verified: true, Slim: true},
			{ID: "mallory", Label: "an unverified address", Subject: "104201234567890123454", Name: "Mallory",
				Email: "ada@gmail.com"},
			{ID: "ada-renamed", Label: "Ada, after a new name and address", Subject: "104201234567890123451",
				Name: "Augusta King", Email: "augusta@gmail.com", Verified: true},
		},
	}
}

func (e *Emulator) routeGoogle(mux *http.ServeMux, s *service) {
	getAndPost(mux, "/accounts.google.com/o/oauth2/auth", e.authorize(s))
	getAndPost(mux, "/accounts.google.com/o/oauth2/v2/auth", e.authorize(s))
	mux.Handle("POST /oauth2.googleapis.com/token", e.token(s))
	mux.Handle("GET /www.googleapis.com/oauth2/v3/certs", e.keys(s))
	mux.HandleFunc("GET /www.googleapis.com/oauth2/v2/userinfo", e.googleProfile)
}

func googleClaims(g *grant, _ bool) map[string]any {
	person := g.person
	claims := map[string]any{"azp": g.client}
	if g.allows("email") && !person.Slim {
		claims["email"], claims["email_verified"] = person.Email, person.Verified
	}
	if g.allows("profile") && !person.Slim {
		first, last := person.names()
		claims["name"], claims["given_name"], claims["family_name"] = person.Name, first, last
	}
	if person.Hosted != "" {
		claims["hd"] = person.Hosted
	}
	return claims
}

// googleProfile is userinfo in version 2, which goth reads: "id" and "verified_email", where the
// ID token has "sub" and "email_verified".
func (e *Emulator) googleProfile(w http.ResponseWriter, r *http.Request) {
	s := e.service("google")
	if e.injectFault(w, r, s, "profile") {
		return
	}
	g := e.bearer(s, r)
	if g == nil {
		writeJSON(w, http.StatusUnauthorized,
			map[string]any{"error": map[string]any{"code": 401, "status": "UNAUTHENTICATED"}})
		return
	}
	person := g.person
	first, last := person.names()
	profile := map[string]any{"id": person.Subject, "email": person.Email, "verified_email": person.Verified,
		"name": person.Name, "given_name": first, "family_name": last}
	if person.Hosted != "" {
		profile["hd"] = person.Hosted
	}
	if e.fault(s.name) == "stranger" {
		profile["id"] = strings.Repeat("9", 21)
	}
	writeJSON(w, http.StatusOK, profile)
}
