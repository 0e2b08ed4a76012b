package testkit

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"gatehouse/app/oauth/emulator"
)

// Stand is the other side: every provider on one loopback port, by the house's clock, and what it
// was asked.
type Stand struct {
	*emulator.Emulator
	T   *testing.T
	URL string

	mu      sync.Mutex
	asked   []string // method and path of every request
	secrets map[string]bool
}

// Providers are all there are, in the order of their buttons.
var Providers = []string{"google", "github", "twitter", "apple", "oidc"}

const (
	// RegisteredSecret is the client secret at every provider of a stand.
	RegisteredSecret = "registered-secret-that-nobody-may-see"
	// CallbackError is where a callback that fails leads, but for the reason.
	CallbackError = "/auth/error?why="
)

// NewStand opens a stand that lives by a clock.
func NewStand(t *testing.T, clock *Clock) *Stand {
	t.Helper()
	s := &Stand{Emulator: emulator.New(clock.Now), T: t, secrets: map[string]bool{RegisteredSecret: true}}
	served := s.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		served.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections() // some of its answers are slow
		server.Close()
	})
	s.URL = server.URL
	return s
}

// Elsewhere is the stand of a house whose provider is not ours: it serves nothing, and knows what nobody may tell.
func Elsewhere(t *testing.T) *Stand {
	return &Stand{T: t, secrets: map[string]bool{RegisteredSecret: true}}
}

// note remembers a request, and every secret in it.
func (s *Stand) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	for _, values := range []url.Values{form, r.URL.Query()} {
		for _, name := range []string{"state", "nonce", "code", "code_verifier", "client_secret", "refresh_token"} {
			if value := values.Get(name); len(value) > 8 {
				s.secrets[value] = true
			}
		}
	}
}

// Exchanges counts what was sent to token endpoints.
func (s *Stand) Exchanges() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, asked := range s.asked {
		if strings.HasPrefix(asked, "POST ") && strings.Contains(asked, "token") {
			count++
		}
	}
	return count
}

// Breaks makes a provider fail in one way; "" mends it.
func (s *Stand) Breaks(provider, fault string) {
	s.T.Helper()
	if err := s.Fail(provider, fault); err != nil {
		s.T.Fatal(err)
	}
}

// Settings register the house with every provider of the stand.
func (s *Stand) Settings() []string {
	s.T.Helper()
	registrations, err := emulator.Registrations(s.URL)
	if err != nil {
		s.T.Fatal(err)
	}
	for name := range registrations {
		if strings.HasSuffix(name, "_CLIENT_SECRET") {
			registrations[name] = RegisteredSecret
		}
	}
	var settings []string
	for _, name := range slices.Sorted(maps.Keys(registrations)) {
		settings = append(settings, name+"="+registrations[name])
	}
	return append(settings, "LIMITS=off")
}

// tokenShape is what the emulator's codes and tokens look like, and any JWT.
var tokenShape = regexp.MustCompile(`\b(code|access|refresh)_[A-Z2-7]{26}|eyJ[\w-]{8,}\.`)

// KeepsQuiet fails the test when a text holds anything secret of any flow until now.
func (s *Stand) KeepsQuiet(where, text string) {
	s.T.Helper()
	if found := tokenShape.FindString(text); found != "" {
		s.T.Errorf("%s: tells %s", where, found)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret := range s.secrets {
		if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			s.T.Errorf("%s: tells %s", where, secret)
		}
	}
}
