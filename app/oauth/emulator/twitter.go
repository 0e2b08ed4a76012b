package emulator

import (
	"net/http"
	"strings"
	"time"
)

func twitter() *service {
	return &service{
		name: "twitter", title: "X", pkce: true, codeLife: 30 * time.Second, tokenLife: 2 * time.Hour,
		client: clientSecretBasic, refuse: refuseJSON, grant: grantTwitter, denied: "access_denied", rotates: true,
		offline: func(g *grant) bool { return g.allows("offline.access") },
		people: []Person{
			{ID: "ada", Label: "a confirmed address", Subject: "1815121000000000001", Login: "ada", Name: "Ada Lovelace",
				Email: "ada@gmail.com"},
			{ID: "nobody", Label: "no address", Subject: "1815121000000000002", Login: "anon", Name: "Nobody"},
			{ID: "ada-renamed", Label: "Ada, after a new handle", Subject: "1815121000000000001", Login: "augusta",
				Name: "Augusta King"},
		},
	}
}

func (e *Emulator) routeTwitter(mux *http.ServeMux, s *service) {
	getAndPost(mux, "/x.com/i/oauth2/authorize", e.authorize(s))
	mux.Handle("POST /api.x.com/2/oauth2/token", e.token(s))
	mux.HandleFunc("GET /api.x.com/2/users/me", e.twitterProfile)
}

func grantTwitter(w http.ResponseWriter, _ *http.Request, _ *grant, answer map[string]any) {
	answer["token_type"] = "bearer"
	writeJSON(w, http.StatusOK, answer)
}

// twitterProfile wants both read scopes, and gives the address only to whoever has the scope and
// asks for the field.
func (e *Emulator) twitterProfile(w http.ResponseWriter, r *http.Request) {
	s := e.service("twitter")
	if e.injectFault(w, r, s, "profile") {
		return
	}
	g := e.bearer(s, r)
	if g == nil {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"title": "Unauthorized", "status": 401})
		return
	}
	if !g.allows("users.read") || !g.allows("tweet.read") {
		writeJSON(w, http.StatusForbidden, map[string]any{"title": "Forbidden", "status": 403})
		return
	}
	person := g.person
	data := map[string]any{"id": person.Subject, "name": person.Name, "username": person.Login}
	fields := strings.Split(r.URL.Query().Get("user.fields"), ",")
	for _, field := range fields {
		switch {
		case field == "confirmed_email" && person.Email != "" && g.allows("users.email"):
			data["confirmed_email"] = person.Email
		case field == "profile_image_url":
			data["profile_image_url"] = "https://pbs.twimg.com/profile_images/" + person.Subject + ".png"
		}
	}
	if e.fault(s.name) == "subject" {
		delete(data, "id")
	}
	writeJSON(w, http.StatusOK, map[string]any{"data": data})
}
