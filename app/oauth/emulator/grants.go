package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// grant is one permission: what was asked for, by which client, for which person.
type grant struct {
	service                        *service
	client, redirect, state, nonce string
	challenge, scope, mode, access string
	person                         Person
	offline                        bool
	expires                        time.Time // of the code, then of the access token
}

func randomSecret(prefix string) string { return prefix + rand.Text() }

func (e *Emulator) issueCode(s *service, g *grant) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	code := randomSecret("code_")
	g.service, g.expires = s, e.now().Add(s.codeLife)
	e.issued.codes[code] = g
	return code
}

// redeem takes a code. Right or wrong, a code is taken once (replay): whoever guesses at a PKCE verifier has one try.
func (e *Emulator) redeem(s *service, client string, r *http.Request) *grant {
	e.mu.Lock()
	defer e.mu.Unlock()
	code := r.PostFormValue("code")
	g := e.issued.codes[code]
	delete(e.issued.codes, code)
	if g == nil || g.service != s || g.client != client || g.redirect != r.PostFormValue("redirect_uri") ||
		e.now().After(g.expires) {
		return nil
	}
	if s256Challenge(r.PostFormValue("code_verifier")) != g.challenge {
		return nil
	}
	return g
}

// s256Challenge is PKCE's S256 (RFC 7636, 4.2); no verifier answers no challenge.
func s256Challenge(verifier string) string {
	if verifier == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// refresh finds what a refresh token stands for.
func (e *Emulator) refresh(s *service, client string, r *http.Request) *grant {
	e.mu.Lock()
	defer e.mu.Unlock()
	token := r.PostFormValue("refresh_token")
	g := e.issued.refresh[token]
	if g == nil || g.service != s || g.client != client {
		return nil
	}
	if s.rotates {
		delete(e.issued.refresh, token)
	}
	again := *g
	return &again
}

// issueTokens makes an access token, and a refresh token where one is due.
func (e *Emulator) issueTokens(g *grant, renewed bool) map[string]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := g.service
	g.access, g.expires = randomSecret("access_"), time.Time{}
	answer := map[string]any{"access_token": g.access, "token_type": "Bearer", "scope": g.scope}
	if s.tokenLife > 0 {
		g.expires = e.now().Add(s.tokenLife)
		answer["expires_in"] = int(s.tokenLife.Seconds())
	}
	e.issued.access[g.access] = g
	if s.offline(g) && (!renewed || s.rotates) {
		token := randomSecret("refresh_")
		e.issued.refresh[token] = g
		answer["refresh_token"] = token
	}
	return answer
}

// bearer finds whose access token a request carries. Google still takes it in the query.
func (e *Emulator) bearer(s *service, r *http.Request) *grant {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok && s.name == "google" {
		token = r.URL.Query().Get("access_token")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	g := e.issued.access[token]
	if g == nil || g.service != s || (!g.expires.IsZero() && e.now().After(g.expires)) {
		return nil
	}
	return g
}

func (g *grant) allows(scope string) bool {
	for _, given := range strings.Fields(g.scope) {
		if given == scope {
			return true
		}
	}
	return false
}
