package main

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

// stand is the other side: every provider on one loopback port, by the house's clock, and what it
// was asked.
type stand struct {
	*emulator.Emulator
	t   *testing.T
	url string

	mu      sync.Mutex
	asked   []string // method and path of every request
	secrets map[string]bool
}

// providers are all there are, in the order of their buttons.
var providers = []string{"google", "github", "twitter", "apple", "oidc"}

const (
	registeredSecret = "registered-secret-that-nobody-may-see"
	callbackError    = "/auth/error?why="
)

func newStand(t *testing.T, clock *clock) *stand {
	t.Helper()
	s := &stand{Emulator: emulator.New(clock.now), t: t, secrets: map[string]bool{registeredSecret: true}}
	served := s.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		served.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections() // some of its answers are slow
		server.Close()
	})
	s.url = server.URL
	return s
}

// note remembers a request, and every secret in it.
func (s *stand) note(r *http.Request) {
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

// exchanges counts what was sent to token endpoints.
func (s *stand) exchanges() int {
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

// breaks makes a provider fail in one way; "" mends it.
func (s *stand) breaks(provider, fault string) {
	s.t.Helper()
	if err := s.Fail(provider, fault); err != nil {
		s.t.Fatal(err)
	}
}

// settings register the house with every provider of the stand.
func (s *stand) settings() []string {
	s.t.Helper()
	registrations, err := demoSettings(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	for name := range registrations {
		if strings.HasSuffix(name, "_CLIENT_SECRET") {
			registrations[name] = registeredSecret
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

// keepsQuiet fails the test when a text holds anything secret of any flow until now.
func (s *stand) keepsQuiet(where, text string) {
	s.t.Helper()
	if found := tokenShape.FindString(text); found != "" {
		s.t.Errorf("%s: tells %s", where, found)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret := range s.secrets {
		if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			s.t.Errorf("%s: tells %s", where, secret)
		}
	}
}

// newEmulated is a house with every provider. When the test is over, its log has told nothing.
func newEmulated(t *testing.T, settings ...string) (*house, *stand) {
	t.Helper()
	clock := &clock{}
	s := newStand(t, clock)
	h := newHouseAt(t, clock, append(s.settings(), settings...)...)
	t.Cleanup(func() { s.keepsQuiet("the log", h.logs.String()) })
	return h, s
}

// emulated runs a walk with every provider on SQLite alone, and on Postgres with Redis.
func emulated(t *testing.T, walk func(t *testing.T, h *house, s *stand), settings ...string) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		h, s := newEmulated(t, settings...)
		walk(t, h, s)
	})
	t.Run("postgres and redis", func(t *testing.T) {
		t.Parallel()
		h, s := newEmulated(t, append(slices.Clone(settings), servers(t)...)...)
		walk(t, h, s)
	})
}

// begin presses the button of a provider, and returns where it leads: a guest's signs in, that of someone
// signed in connects.
func (b *browser) begin(provider string, query ...string) string {
	b.t.Helper()
	path := "/auth/" + provider
	if b.cookies()["refresh"] != "" {
		return b.leads(b.post(path + "/link"))
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	return b.leads(b.get(path))
}

// leads is the provider's address that a press answered with.
func (b *browser) leads(got answer) string {
	b.t.Helper()
	if got.status != 303 || !strings.HasPrefix(got.to(), "http") || got.header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("a provider's button: %d to %q, Cache-Control %q", got.status, got.to(), got.header.Get("Cache-Control"))
	}
	return got.to()
}

// visit is the person's part at the provider.
func (b *browser) visit(address, person string) emulator.Answer {
	b.t.Helper()
	back, err := emulator.Visit(address, person)
	if err != nil {
		b.t.Fatal(err)
	}
	return back
}

// bring takes a provider's answer to the callback as a browser would: both ways come from another
// site, and with a POST from there no cookie of ours comes along.
func (b *browser) bring(back emulator.Answer) answer {
	b.t.Helper()
	path := strings.TrimPrefix(back.URL, b.h.url)
	if back.Method == http.MethodGet {
		return b.arrive(path + "?" + back.Values.Encode())
	}
	posted := b.postCrossSite(path, back.Values)
	if posted.status != 303 || !strings.HasPrefix(posted.to(), path+"?form=") {
		b.t.Fatalf("the form: %d to %q", posted.status, posted.to())
	}
	return b.arrive(posted.to())
}

// postCrossSite posts a form from another site: SameSite=Lax keeps our cookies at home.
func (b *browser) postCrossSite(path string, form url.Values) answer {
	b.t.Helper()
	request := b.request(http.MethodPost, path, form)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	request.Header.Set("Origin", "https://appleid.apple.com")
	stranger := b.h.browser()
	got, err := stranger.send(request)
	if err != nil {
		b.t.Fatal(err)
	}
	if len(got.header["Set-Cookie"]) > 0 {
		b.t.Errorf("POST %s from another site set %q", path, got.header["Set-Cookie"])
	}
	return got
}

// arrive opens an address of ours from another site.
func (b *browser) arrive(path string) answer {
	b.t.Helper()
	request := b.request(http.MethodGet, path, nil)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	got, err := b.send(request)
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

// enter walks the whole way through a provider as one of its people.
func (b *browser) enter(provider, person string, query ...string) answer {
	b.t.Helper()
	return b.bring(b.visit(b.begin(provider, query...), person))
}

// by is enter that has to end on the dashboard.
func (b *browser) by(provider, person string) *browser {
	b.t.Helper()
	b.want(b.enter(provider, person), 303, "/dashboard")
	return b
}

// fails fails the test unless an answer leads to the page that says why, with a sentence and a way
// back, and leaves nobody signed in.
func (b *browser) fails(s *stand, got answer, provider, why string) {
	b.t.Helper()
	b.want(got, 303, callbackError+why+"&provider="+provider)
	for _, cookie := range got.header["Set-Cookie"] {
		if strings.HasPrefix(cookie, "access=") || strings.HasPrefix(cookie, "refresh=") {
			b.t.Errorf("%s %s: set %s", provider, why, cookie)
		}
	}
	page, way := b.get(got.to()), "/sign-in"
	if b.signedIn() {
		way = "/profile#identities"
	}
	if page.status != 400 || !strings.Contains(page.body, `href="`+way+`"`) || !strings.Contains(page.body, sentences[why]) {
		b.t.Errorf("%s %s: the page: %d %s", provider, why, page.status, text(page.body))
	}
	s.keepsQuiet("the page of "+why, page.body)
}

// sentences are a part of what each page says.
var sentences = map[string]string{
	"state": "It was begun in another browser, or too long ago", "denied": "You did not let", "unavailable": "We could not reach",
	"limited": "More people are signing in", "token": "could not be verified", "provider": "We got an answer from",
	"taken": "already signs in another account", "closed": "This account is closed",
}
