package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/oauth/emulator"
	"gatehouse/models"
)

// world is our providers on one side, the emulator on the other, and a clock for both.
type world struct {
	*testing.T
	emulator  *emulator.Emulator
	providers *Providers
	settings  Settings

	mu    sync.Mutex
	clock time.Time
	asked []string // path and query of every request at the emulator
}

var everyone = []string{"google", "github", "twitter", "apple", "oidc"}

func start(t *testing.T, change ...func(*Settings)) *world {
	t.Helper()
	w := &world{T: t, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.emulator = emulator.New(w.now)
	served := w.emulator.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked = append(w.asked, r.URL.String())
		w.mu.Unlock()
		served.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections() // some of its answers are slow
		server.Close()
	})
	client := Client{ID: "client-id", Secret: "client-secret/+"}
	w.settings = Settings{
		URL: "https://app.example", Emulator: server.URL, Google: client, GitHub: client, Twitter: client,
		Apple: AppleClient{ClientID: "app.example.web", TeamID: "TEAM123456", KeyID: "KEY1234567", PrivateKey: p8(t)},
		OIDC:  Issuer{Client: client, Issuer: server.URL + "/oidc"},
	}
	for _, change := range change {
		change(&w.settings)
	}
	var err error
	if w.providers, err = New(w.settings, w.now); err != nil {
		t.Fatal(err)
	}
	return w
}

func p8(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func (w *world) fail(provider, fault string) {
	w.Helper()
	if err := w.emulator.Fail(provider, fault); err != nil {
		w.Fatal(err)
	}
}

// requests counts the requests whose address contains part.
func (w *world) requests(part string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, address := range w.asked {
		if strings.Contains(address, part) {
			n++
		}
	}
	return n
}

// tokenRequests counts what was sent to any token endpoint.
func (w *world) tokenRequests() int { return w.requests("token") }

func (w *world) begin(provider string) (string, Flow) {
	w.Helper()
	address, flow, err := w.providers.Begin(w.Context(), provider, Flow{Intent: "sign-in"})
	w.quiet(err)
	if err != nil {
		w.Fatal(err)
	}
	return address, flow
}

// visit is the person's part: from the address to the values at the callback.
func (w *world) visit(address, person string) url.Values {
	w.Helper()
	answer, err := emulator.Visit(address, person)
	if err != nil {
		w.Fatal(err)
	}
	return answer.Values
}

func (w *world) finish(provider string, flow Flow, callback url.Values) (models.Identity, error) {
	w.Helper()
	who, err := w.providers.Finish(w.Context(), provider, flow, callback)
	w.quiet(err)
	return who, err
}

// signIn walks the whole way.
func (w *world) signIn(provider, person string) (models.Identity, error) {
	w.Helper()
	address, flow := w.begin(provider)
	return w.finish(provider, flow, w.visit(address, person))
}

// quiet holds every error of every test to one promise: no code, token, secret or upstream text.
func (w *world) quiet(err error) {
	w.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	for _, loud := range []string{"code_", "access_", "refresh_", "eyJ", "client-secret", "PRIVATE", "http:", "https:",
		"<h1>", "emulator refuses", "incorrect or expired", "\n"} {
		if strings.Contains(strings.ReplaceAll(text, "access_denied", ""), loud) {
			w.Errorf("error tells %q: %s", loud, text)
		}
	}
	if len(text) > 160 {
		w.Errorf("error is long: %s", text)
	}
}
