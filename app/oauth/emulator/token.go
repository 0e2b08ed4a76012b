package emulator

import (
	"maps"
	"net/http"
	"strings"
)

// token is a token endpoint.
func (e *Emulator) token(s *service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.injectFault(w, r, s, "token") {
			return
		}
		client, valid := s.client(r)
		if !valid {
			s.refuse(w, r, "invalid_client")
			return
		}
		g, renewed := e.authenticateGrant(s, client, r)
		if g == nil {
			s.refuse(w, r, "invalid_grant")
			return
		}
		answer := e.issueTokens(g, renewed)
		if s.claims != nil {
			signed, err := e.idToken(s, g, r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			answer["id_token"] = signed
		}
		s.grant(w, r, g, answer)
	})
}

func (e *Emulator) authenticateGrant(s *service, client string, r *http.Request) (g *grant, renewed bool) {
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		return e.redeem(s, client, r), false
	case "refresh_token":
		return e.refresh(s, client, r), true
	}
	return nil, false
}

// idToken signs what the service says of the person, with whatever fault is switched on.
func (e *Emulator) idToken(s *service, g *grant, r *http.Request) (string, error) {
	now, fault := e.now(), e.fault(s.name)
	claims := map[string]any{
		"iss": s.issuer(r), "aud": g.client, "sub": g.person.Subject, "at_hash": accessTokenHash(g.access),
		"iat": now.Unix(), "exp": now.Add(s.tokenLife).Unix(), "auth_time": now.Unix(),
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	maps.Copy(claims, s.claims(g, fault == "strings"))
	corrupt(claims, fault)
	return e.sign(claims, fault)
}

// corrupt makes a token that a client that validates it refuses (OpenID Connect Core, 3.1.3.7).
func corrupt(claims map[string]any, fault string) {
	switch fault {
	case "nonce":
		claims["nonce"] = randomSecret("nonce_")
	case "nononce":
		delete(claims, "nonce")
	case "issuer":
		claims["iss"] = "https://elsewhere.example"
	case "audience":
		claims["aud"] = "another-client"
	case "audiences":
		claims["aud"], claims["azp"] = []any{claims["aud"], "another-client"}, "another-client"
	case "expired":
		claims["exp"] = claims["iat"].(int64) - 3600
	case "noexp":
		delete(claims, "exp")
	case "stale":
		claims["auth_time"] = claims["iat"].(int64) - 3600
	case "noauthtime":
		delete(claims, "auth_time")
	case "athash":
		claims["at_hash"] = accessTokenHash(randomSecret("access_"))
	case "subject":
		claims["sub"] = ""
	case "longsubject":
		claims["sub"] = strings.Repeat("9", 256)
	}
}

// clientSecretPost is client authentication in the form, clientSecretBasic by header (RFC 6749, 2.3.1). The emulator
// knows no client beforehand, so any secret is right.
func clientSecretPost(r *http.Request) (string, bool) {
	return r.PostFormValue("client_id"), r.PostFormValue("client_id") != "" && r.PostFormValue("client_secret") != ""
}

func clientSecretBasic(r *http.Request) (string, bool) {
	id, secret, ok := r.BasicAuth()
	return id, ok && id != "" && secret != ""
}

func postOrBasic(r *http.Request) (string, bool) {
	if id, ok := clientSecretBasic(r); ok {
		return id, true
	}
	return clientSecretPost(r)
}

// refuseJSON is the error answer of RFC 6749, 5.2.
func refuseJSON(w http.ResponseWriter, _ *http.Request, code string) {
	status := http.StatusBadRequest
	if code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	writeJSON(w, status, map[string]string{"error": code, "error_description": "The emulator refuses: " + code + "."})
}

func grantJSON(w http.ResponseWriter, _ *http.Request, _ *grant, answer map[string]any) {
	writeJSON(w, http.StatusOK, answer)
}
