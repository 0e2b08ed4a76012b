package oauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestFaultsOfProviders(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		for fault, want := range map[string]error{
			"token-500": ErrUnavailable, "token-429": ErrLimited, "token-200error": ErrProvider,
			"token-redirect": ErrProvider, "token-oversize": ErrProvider, "token-garbage": ErrProvider,
		} {
			address, flow := w.begin(provider)
			callback := w.visit(address, "ada")
			w.fail(provider, fault)
			if who, err := w.finish(provider, flow, callback); !errors.Is(err, want) {
				t.Errorf("%s, %s: %+v, %v", provider, fault, who, err)
			}
			w.fail(provider, "")
		}
	}
	if w.requests("/elsewhere") != 0 {
		t.Error("a redirect was followed")
	}
}

func TestFaultsOfProfiles(t *testing.T) {
	t.Parallel()
	w := start(t)
	for provider, person := range map[string]string{"google": "linus", "github": "ada", "twitter": "ada", "oidc": "slim"} {
		for fault, want := range map[string]error{
			"profile-500": ErrUnavailable, "profile-429": ErrLimited, "profile-redirect": ErrProvider,
			"profile-oversize": ErrProvider, "profile-garbage": ErrProvider,
		} {
			w.fail(provider, fault)
			if who, err := w.signIn(provider, person); !errors.Is(err, want) || who.Subject != "" {
				t.Errorf("%s, %s: %+v, %v", provider, fault, who, err)
			}
		}
	}
	if w.requests("/elsewhere") != 0 {
		t.Error("a redirect was followed")
	}
	if n := w.requests("/2/users/me"); n != 5 {
		t.Errorf("X was asked %d times in 5 sign-ins", n) // it allows few
	}
}

// Keys that cannot be had are no forgery, and no reason to let anyone in.
func TestKeysOutOfReach(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"keys-500", "keys-redirect", "keys-oversize", "keys-garbage"} {
		w := start(t)
		for _, provider := range []string{"google", "apple", "oidc"} {
			w.fail(provider, fault)
			if who, err := w.signIn(provider, "ada"); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%s, %s: %+v, %v", provider, fault, who, err)
			}
			w.fail(provider, "")
			if _, err := w.signIn(provider, "ada"); err != nil {
				t.Errorf("%s, mended: %v", provider, err)
			}
		}
	}
}

func TestSlowProviderEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		for _, fault := range []string{"token-slow", "profile-slow", "keys-slow"} {
			if (fault == "profile-slow" && provider == "apple") ||
				(fault == "keys-slow" && (provider == "github" || provider == "twitter")) {
				continue // has none
			}
			address, flow := w.begin(provider)
			person := map[string]string{"google": "linus", "oidc": "slim"}[provider]
			if person == "" {
				person = "ada"
			}
			callback := w.visit(address, person)
			if fault == "keys-slow" { // with keys not yet fetched
				fresh, err := New(w.settings, w.now)
				if err != nil {
					t.Fatal(err)
				}
				w.providers = fresh
			}
			w.fail(provider, fault)
			if err := w.finishWithin(100*time.Millisecond, provider, flow, callback); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%s, %s: %v", provider, fault, err)
			}
			w.fail(provider, "")
		}
	}
}

func (w *world) finishWithin(d time.Duration, provider string, flow Flow, callback url.Values) error {
	ctx, cancel := context.WithTimeout(w.Context(), d)
	defer cancel()
	began := time.Now()
	_, err := w.providers.Finish(ctx, provider, flow, callback)
	if time.Since(began) > d+5*time.Second {
		w.Errorf("%s: ended only after %s", provider, time.Since(began))
	}
	w.quiet(err)
	return err
}

// endless is an answer that never stops, and notes how much of it was read.
type endless struct{ read int }

func (e *endless) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(e)}, nil
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > 10*maxBodyBytes {
		return 0, io.EOF
	}
	return len(p), nil
}

func TestEndlessAnswerIsCut(t *testing.T) {
	t.Parallel()
	answer := &endless{}
	r, _ := http.NewRequest(http.MethodGet, "https://provider.example/", nil)
	if _, err := (&transport{next: answer}).RoundTrip(r); !errors.Is(err, errBodyTooLong) || answer.read > 3*maxBodyBytes {
		t.Errorf("%v after %d bytes", err, answer.read)
	}
}

func TestEveryExchangeHasAnEnd(t *testing.T) {
	t.Parallel()
	ex, done := newExchange(t.Context(), traits{}, Flow{})
	defer done()
	if end, ok := ex.ctx.Deadline(); !ok || time.Until(end) > exchangeTimeout {
		t.Error("an exchange may take for ever")
	}
	if newTransport().client().Timeout != exchangeTimeout {
		t.Error("fetching keys may take for ever")
	}
}

func TestPanicInGothIsAnError(t *testing.T) {
	t.Parallel()
	err := recoverPanic(func() error { panic("access_secret") })
	if !errors.Is(err, ErrProvider) {
		t.Error(err)
	}
	ex, done := newExchange(t.Context(), traits{name: "google"}, Flow{})
	defer done()
	_, err = ex.redeemCode(nil, "code") // a nil provider panics
	if err = ex.safeError(err); !errors.Is(err, ErrProvider) {
		t.Error(err)
	}
}

func TestEmulatorKeepsTheRealHost(t *testing.T) {
	t.Parallel()
	through, err := newTransport().withEmulator("http://127.0.0.1:9000/")
	if err != nil {
		t.Fatal(err)
	}
	real, _ := url.Parse("https://api.x.com/2/users/me?user.fields=name")
	if got := through.reroute(real).String(); got != "http://127.0.0.1:9000/api.x.com/2/users/me?user.fields=name" {
		t.Error(got)
	}
	if got := newTransport().reroute(real); got != real {
		t.Error(got)
	}
}

func TestOnlyErrorCodesAreRepeated(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"invalid_grant": "invalid_grant", "Invalid": "", "a b": "", "x<y": "",
		"a\nb": "",
		"abcdefghijabcdefghijabcdefghijabcdefghij":  "abcdefghijabcdefghijabcdefghijabcdefghij",
		"abcdefghijabcdefghijabcdefghijabcdefghijk": ""} {
		if errorCode(s) != want {
			t.Errorf("%q gives %q", s, errorCode(s))
		}
	}
}

func TestGitHubSaysLimitedInItsOwnWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status    int
		remaining string
		want      bool
	}{{429, "", true}, {403, "0", true}, {403, "10", false}, {403, "", false}, {200, "0", false}} {
		res := &http.Response{StatusCode: c.status, Header: http.Header{"X-Ratelimit-Remaining": {c.remaining}}}
		if limited(res) != c.want {
			t.Errorf("%+v", c)
		}
	}
}

func TestRefusalNamesItsCode(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.fail("github", "200error")
	if _, err := w.signIn("github", "ada"); err == nil || !strings.Contains(err.Error(),
		"github.com refused (bad_verification_code)") {
		t.Error(err)
	}
}
