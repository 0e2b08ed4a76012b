package emulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// authorize is an authorization endpoint: it shows who there is, and answers for whom was chosen.
func (e *Emulator) authorize(s *service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, problem := validateAuthorize(s, r)
		if problem != "" {
			showProblem(w, s, problem)
			return
		}
		id := r.FormValue("person")
		if id == "" {
			e.choose(w, r, s)
			return
		}
		if id == "cancel" {
			e.respond(w, r, s, asked, map[string]string{"error": s.denied})
			return
		}
		person, ok := s.person(id)
		if !ok {
			showProblem(w, s, "There is nobody called "+id+".")
			return
		}
		asked.person = person
		answer := map[string]string{"code": e.issueCode(s, asked)}
		if s.first != nil {
			for name, value := range s.first(asked) {
				answer[name] = value
			}
		}
		e.respond(w, r, s, asked, answer)
	})
}

// validateAuthorize validates an authorization request. What is wrong is shown here and never sent back: an unvalidated
// redirect_uri would be an open redirect (RFC 6749, 4.1.2.1).
func validateAuthorize(s *service, r *http.Request) (*grant, string) {
	if err := r.ParseForm(); err != nil {
		return nil, "The request cannot be read."
	}
	g := &grant{
		client: r.Form.Get("client_id"), redirect: r.Form.Get("redirect_uri"), state: r.Form.Get("state"),
		challenge: r.Form.Get("code_challenge"), nonce: r.Form.Get("nonce"), scope: r.Form.Get("scope"),
		mode: r.Form.Get("response_mode"), offline: r.Form.Get("access_type") == "offline" &&
			strings.Contains(r.Form.Get("prompt"), "consent"),
	}
	back, err := url.Parse(g.redirect)
	switch {
	case g.client == "":
		return nil, "client_id is missing."
	case err != nil || back.Host == "" || back.Fragment != "":
		return nil, "redirect_uri is not an absolute address."
	case r.Form.Get("response_type") != "code":
		return nil, "response_type is not code."
	case g.challenge == "" && s.pkce:
		return nil, "code_challenge is missing."
	case g.challenge != "" && r.Form.Get("code_challenge_method") != "S256":
		return nil, "code_challenge_method is not S256."
	}
	if s.check != nil {
		return g, s.check(r)
	}
	return g, ""
}

// AuthorizationResponse is what an authorization endpoint sends the browser back with (RFC 6749, 4.1.2). Method is POST
// for Apple's form_post: then Values travel in the body, otherwise in the query of URL.
type AuthorizationResponse struct {
	Method string     `json:"method"`
	URL    string     `json:"url"`
	Values url.Values `json:"values"`
}

func (e *Emulator) respond(w http.ResponseWriter, r *http.Request, s *service, asked *grant, values map[string]string) {
	answer := AuthorizationResponse{Method: http.MethodGet, URL: asked.redirect,
		Values: url.Values{"state": {asked.state}}}
	for name, value := range values {
		answer.Values.Set(name, value)
	}
	if s.sendsIss {
		answer.Values.Set("iss", s.issuer(r))
	}
	switch e.fault(s.name) {
	case "state":
		answer.Values.Set("state", randomSecret("wrong"))
	case "iss":
		answer.Values.Set("iss", "https://elsewhere.example")
	}
	if asked.mode == "form_post" {
		answer.Method = http.MethodPost
	}
	switch {
	case strings.Contains(r.Header.Get("Accept"), "application/json"):
		writeJSON(w, http.StatusOK, answer)
	case answer.Method == http.MethodPost:
		showForm(w, s, answer)
	default:
		http.Redirect(w, r, join(answer.URL, answer.Values), http.StatusFound)
	}
}

func join(address string, values url.Values) string {
	if strings.Contains(address, "?") {
		return address + "&" + values.Encode()
	}
	return address + "?" + values.Encode()
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may be gone
}
