package testkit

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/oauth/emulator"
)

// NewEmulated is a house with every provider. When the test is over, its log has told nothing.
func NewEmulated(t *testing.T, settings ...string) (*House, *Stand) {
	t.Helper()
	clock := &Clock{}
	s := NewStand(t, clock)
	h := NewHouseAt(t, clock, append(s.Settings(), settings...)...)
	t.Cleanup(func() { s.KeepsQuiet("the log", h.Logs.String()) })
	return h, s
}

// Emulated runs a walk with every provider on SQLite alone, and on Postgres with Redis.
func Emulated(t *testing.T, walk func(t *testing.T, h *House, s *Stand), settings ...string) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		h, s := NewEmulated(t, settings...)
		walk(t, h, s)
	})
	t.Run("postgres and redis", func(t *testing.T) {
		t.Parallel()
		h, s := NewEmulated(t, append(slices.Clone(settings), OnServers(t)...)...)
		walk(t, h, s)
	})
}

// Begin presses the button of a provider, and returns where it leads: a guest's signs in, that of someone
// signed in connects.
func (b *Browser) Begin(provider string, query ...string) string {
	b.T.Helper()
	path := "/auth/" + provider
	if b.Cookies()["refresh"] != "" {
		return b.Leads(b.Post(path + "/link"))
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	return b.Leads(b.Get(path))
}

// Leads is the provider's address that a press answered with.
func (b *Browser) Leads(got Answer) string {
	b.T.Helper()
	if got.Status != 303 || !strings.HasPrefix(got.To(), "http") || got.Header.Get("Cache-Control") != "no-store" {
		b.T.Fatalf("a provider's button: %d to %q, Cache-Control %q", got.Status, got.To(), got.Header.Get("Cache-Control"))
	}
	return got.To()
}

// Visit is the person's part at the provider.
func (b *Browser) Visit(address, person string) emulator.AuthorizationResponse {
	b.T.Helper()
	back, err := emulator.Visit(address, person)
	if err != nil {
		b.T.Fatal(err)
	}
	return back
}

// Bring takes a provider's answer to the callback as a browser would: both ways come from another
// site, and with a POST from there no cookie of ours comes along.
func (b *Browser) Bring(back emulator.AuthorizationResponse) Answer {
	b.T.Helper()
	path := strings.TrimPrefix(back.URL, b.House.URL)
	if back.Method == http.MethodGet {
		return b.Arrive(path + "?" + back.Values.Encode())
	}
	posted := b.PostCrossSite(path, back.Values)
	if posted.Status != 303 || !strings.HasPrefix(posted.To(), path+"?form=") {
		b.T.Fatalf("the form: %d to %q", posted.Status, posted.To())
	}
	return b.Arrive(posted.To())
}

// PostCrossSite posts a form from another site: SameSite=Lax keeps our cookies at home.
func (b *Browser) PostCrossSite(path string, form url.Values) Answer {
	b.T.Helper()
	request := b.Request(http.MethodPost, path, form)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	request.Header.Set("Origin", "https://appleid.apple.com")
	stranger := b.House.Browser()
	got, err := stranger.Send(request)
	if err != nil {
		b.T.Fatal(err)
	}
	if len(got.Header["Set-Cookie"]) > 0 {
		b.T.Errorf("POST %s from another site set %q", path, got.Header["Set-Cookie"])
	}
	return got
}

// Arrive opens an address of ours from another site.
func (b *Browser) Arrive(path string) Answer {
	b.T.Helper()
	request := b.Request(http.MethodGet, path, nil)
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	got, err := b.Send(request)
	if err != nil {
		b.T.Fatal(err)
	}
	return got
}

// Enter walks the whole way through a provider as one of its people.
func (b *Browser) Enter(provider, person string, query ...string) Answer {
	b.T.Helper()
	return b.Bring(b.Visit(b.Begin(provider, query...), person))
}

// By is Enter that has to end on the dashboard.
func (b *Browser) By(provider, person string) *Browser {
	b.T.Helper()
	b.Want(b.Enter(provider, person), 303, "/dashboard")
	return b
}

// Fails fails the test unless an answer leads to the page that says why, with a sentence and a way
// back, and leaves nobody signed in.
func (b *Browser) Fails(s *Stand, got Answer, provider, why string) {
	b.T.Helper()
	b.Want(got, 303, CallbackError+why+"&provider="+provider)
	for _, cookie := range got.Header["Set-Cookie"] {
		if strings.HasPrefix(cookie, "access=") || strings.HasPrefix(cookie, "refresh=") {
			b.T.Errorf("%s %s: set %s", provider, why, cookie)
		}
	}
	page, way := b.Get(got.To()), "/sign-in"
	if b.SignedIn() {
		way = "/profile#identities"
	}
	if page.Status != 400 || !strings.Contains(page.Body, `href="`+way+`"`) ||
		!strings.Contains(page.Body, sentences[why]) {
		b.T.Errorf("%s %s: the page: %d %s", provider, why, page.Status, Text(page.Body))
	}
	s.KeepsQuiet("the page of "+why, page.Body)
}

// sentences are a part of what each page says.
var sentences = map[string]string{
	"state": "It was begun in another browser, or too long ago", "denied": "You did not let",
	"unavailable": "We could not reach",
	"limited":     "More people are signing in", "token": "could not be verified", "provider": "We got an answer from",
	"taken": "already signs in another account", "closed": "This account is closed",
}
