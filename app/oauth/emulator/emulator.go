// Package emulator stands in for Google, GitHub, X, Apple and an OpenID Connect issuer on one local
// port, for tests and for a demo without any registration. It keeps to their real paths, fields and
// quirks, checks what they check (PKCE, redirect_uri, single use, client authentication), and fails
// on request. It knows no passwords: whoever can reach it is anyone.
//
// The first part of each path is the real host: /accounts.google.com/o/oauth2/auth. The issuer is
// at /oidc under the emulator's own address. Any client id and secret will do, but for Apple, whose
// secret must have the shape Apple wants.
//
// An authorize address shows a page of people. With person=ID in its query it answers at once, and
// with person=cancel as if they had said no; with "Accept: application/json" the answer is an
// AuthorizationResponse instead of a redirect or a form. Visit does both.
package emulator

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"sync"
	"time"
)

// Emulator is all five, with what they have issued, in memory.
type Emulator struct {
	now      func() time.Time
	key      func() (*rsa.PrivateKey, error)
	services []*service

	mu     sync.Mutex
	issued issued
	faults map[string]string
}

// issued is what the emulator remembers between requests.
type issued struct {
	codes   map[string]*grant
	access  map[string]*grant
	refresh map[string]*grant
	named   map[string]bool // people Apple has told this client the name of
}

// service is one of the five.
type service struct {
	name, title string
	issuer      func(*http.Request) string // of its ID tokens; nil where there are none
	people      []Person
	pkce        bool          // refuses to begin without
	codeLife    time.Duration // of a code
	tokenLife   time.Duration // of an access token; 0: for ever
	sendsIss    bool          // puts "iss" into its answers (RFC 9207)

	check   func(*http.Request) string                  // what is wrong with an authorize request, or ""
	client  func(*http.Request) (id string, valid bool) // who asks at the token endpoint
	refuse  func(w http.ResponseWriter, r *http.Request, code string)
	grant   func(w http.ResponseWriter, r *http.Request, g *grant, answer map[string]any)
	offline func(g *grant) bool // whether a refresh token is given
	claims  func(g *grant, strings bool) map[string]any
	denied  string
	rotates bool                             // a refresh token is good once
	first   func(g *grant) map[string]string // what comes with the first answer only
}

// New makes an emulator that judges time by now.
func New(now func() time.Time) *Emulator {
	e := &Emulator{now: now}
	e.key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	e.services = []*service{google(), github(), twitter(), e.apple(), issuer()}
	e.Reset()
	return e
}

// Reset forgets everything issued and mends every fault.
func (e *Emulator) Reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.issued = issued{codes: map[string]*grant{}, access: map[string]*grant{}, refresh: map[string]*grant{},
		named: map[string]bool{}}
	e.faults = map[string]string{}
}

// People are who can be chosen at a provider.
func (e *Emulator) People(provider string) []Person {
	if s := e.service(provider); s != nil {
		return s.people
	}
	return nil
}

func (e *Emulator) service(name string) *service {
	for _, s := range e.services {
		if s.name == name {
			return s
		}
	}
	return nil
}

// Handler serves all of them.
func (e *Emulator) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", e.index)
	mux.HandleFunc("POST /switch", e.setFault)
	e.routeGoogle(mux, e.service("google"))
	e.routeGitHub(mux, e.service("github"))
	e.routeTwitter(mux, e.service("twitter"))
	e.routeApple(mux, e.service("apple"))
	e.routeIssuer(mux, e.service("oidc"))
	return mux
}

// getAndPost lets a path be got and posted to, as authorization endpoints do (OpenID Connect Core, 3.1.2.1).
func getAndPost(mux *http.ServeMux, path string, handler http.Handler) {
	mux.Handle("GET "+path, handler)
	mux.Handle("POST "+path, handler)
}
