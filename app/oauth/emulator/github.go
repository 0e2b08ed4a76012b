package emulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func github() *service {
	return &service{
		name: "github", title: "GitHub", codeLife: 10 * time.Minute,
		client: postOrBasic, refuse: refuseGitHub, grant: grantGitHub, denied: "access_denied",
		offline: func(*grant) bool { return false },
		people: []Person{
			{ID: "ada", Label: "a verified primary address", Subject: "1815", Login: "ada", Name: "Ada Lovelace", Mails: []Mail{
				{Email: "ada@users.noreply.example", Verified: true}, {Email: "ada@gmail.com", Primary: true, Verified: true,
					Visibility: "private"}}},
			{ID: "unverified", Label: "an unverified primary address", Subject: "666", Login: "mallory", Name: "Mallory",
				Mails: []Mail{
					{Email: "ada@gmail.com", Primary: true}, {Email: "mallory@example.com", Verified: true}}},
			{ID: "public", Label: "someone else's address on the public profile", Subject: "667", Login: "trudy",
				Public: "ada@gmail.com", Mails: []Mail{
					{Email: "trudy@example.com", Primary: true, Verified: true}}},
			{ID: "nobody", Label: "no address at all", Subject: "404", Login: "ghost"},
			{ID: "ada-renamed", Label: "Ada, after a new login and address", Subject: "1815", Login: "augusta",
				Name: "Augusta King", Mails: []Mail{
					{Email: "augusta@example.com", Primary: true, Verified: true}}},
		},
	}
}

func (e *Emulator) routeGitHub(mux *http.ServeMux, s *service) {
	getAndPost(mux, "/github.com/login/oauth/authorize", e.authorize(s))
	mux.Handle("POST /github.com/login/oauth/access_token", e.token(s))
	mux.Handle("GET /api.github.com/user", e.githubAPI(s, func(g *grant) any {
		id, _ := strconv.Atoi(g.person.Subject)
		user := map[string]any{"id": id, "login": g.person.Login, "name": orNil(g.person.Name),
			"email":      orNil(g.person.Public),
			"avatar_url": "https://avatars.githubusercontent.com/u/" + g.person.Subject}
		if e.fault(s.name) == "subject" {
			delete(user, "id")
		}
		return user
	}))
	mux.Handle("GET /api.github.com/user/emails", e.githubAPI(s, func(g *grant) any {
		if g.person.Mails == nil {
			return []Mail{}
		}
		return g.person.Mails
	}))
}

func (e *Emulator) githubAPI(s *service, answer func(*grant) any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.injectFault(w, r, s, "profile") {
			return
		}
		g := e.bearer(s, r)
		switch {
		case g == nil:
			writeJSON(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
		case strings.HasSuffix(r.URL.Path, "/emails") && !g.allows("user:email"):
			writeJSON(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
		default:
			writeJSON(w, http.StatusOK, answer(g))
		}
	})
}

// refuseGitHub: errors come with status 200, and in names of their own.
func refuseGitHub(w http.ResponseWriter, r *http.Request, code string) {
	own := map[string]string{"invalid_client": "incorrect_client_credentials",
		"invalid_grant": "bad_verification_code"}[code]
	writeGitHub(w, r, map[string]any{"error": own, "error_description": "The emulator refuses.",
		"error_uri": "https://docs.github.com/"})
}

func grantGitHub(w http.ResponseWriter, r *http.Request, g *grant, answer map[string]any) {
	answer["token_type"] = "bearer"
	answer["scope"] = strings.Join(strings.Fields(g.scope), ",")
	writeGitHub(w, r, answer)
}

// writeGitHub writes a form, unless asked for JSON.
func writeGitHub(w http.ResponseWriter, r *http.Request, answer map[string]any) {
	if strings.Contains(r.Header.Get("Accept"), "json") {
		writeJSON(w, http.StatusOK, answer)
		return
	}
	values := url.Values{}
	for name, value := range answer {
		values.Set(name, fmt.Sprint(value))
	}
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	_, _ = w.Write([]byte(values.Encode()))
}
