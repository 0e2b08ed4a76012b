package oauth

import (
	"errors"
	"net/url"
	"testing"
	"time"
)

// Login CSRF: an attacker brings a callback of his own into someone else's browser, where he would
// be signed in, or his account linked. Whatever he leaves out or makes up, nothing is exchanged.
func TestAnswersToOtherQuestionsExchangeNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		for name, c := range map[string]struct {
			change func(flow *Flow, callback url.Values)
			want   error
		}{
			"no flow":                {func(f *Flow, a url.Values) { *f = Flow{} }, ErrState},
			"no flow and no state":   {func(f *Flow, a url.Values) { *f = Flow{}; a.Del("state") }, ErrState},
			"empty state in both":    {func(f *Flow, a url.Values) { f.State = ""; a.Set("state", "") }, ErrState},
			"no state":               {func(f *Flow, a url.Values) { a.Del("state") }, ErrState},
			"wrong state":            {func(f *Flow, a url.Values) { a.Set("state", randomValue()) }, ErrState},
			"shorter state":          {func(f *Flow, a url.Values) { a.Set("state", f.State[:20]) }, ErrState},
			"state twice":            {func(f *Flow, a url.Values) { a.Add("state", "x") }, ErrState},
			"code twice":             {func(f *Flow, a url.Values) { a.Add("code", "x") }, ErrState},
			"begun elsewhere":        {func(f *Flow, a url.Values) { f.Provider = "another" }, ErrState},
			"begun nowhere":          {func(f *Flow, a url.Values) { f.Provider = "" }, ErrState},
			"denied":                 {func(f *Flow, a url.Values) { a.Set("error", "access_denied") }, ErrDenied},
			"cancelled at Apple":     {func(f *Flow, a url.Values) { a.Set("error", "user_cancelled_authorize") }, ErrDenied},
			"refused":                {func(f *Flow, a url.Values) { a.Set("error", "invalid_scope") }, ErrProvider},
			"refused with a code_ah": {func(f *Flow, a url.Values) { a.Set("error", "<h1>code_123</h1>") }, ErrProvider},
			"denied to another": {func(f *Flow, a url.Values) { a.Set("error", "access_denied"); a.Set("state", "x") },
				ErrState},
			"another issuer": {func(f *Flow, a url.Values) { a.Set("iss", "https://elsewhere.example") }, ErrState},
			"no code":        {func(f *Flow, a url.Values) { a.Del("code") }, ErrProvider},
		} {
			address, flow := w.begin(provider)
			callback := w.visit(address, "ada")
			c.change(&flow, callback)
			if who, err := w.finish(provider, flow, callback); !errors.Is(err, c.want) || who.Subject != "" {
				t.Errorf("%s, %s: %+v, %v", provider, name, who, err)
			}
		}
	}
	if n := w.tokenRequests(); n != 0 {
		t.Errorf("%d codes were sent to a provider", n)
	}
}

func TestIssuerThatPromisesItsNameMustGiveIt(t *testing.T) {
	t.Parallel()
	w := start(t)
	address, flow := w.begin("oidc")
	callback := w.visit(address, "ada")
	callback.Del("iss")
	if _, err := w.finish("oidc", flow, callback); !errors.Is(err, ErrState) || w.tokenRequests() != 0 {
		t.Errorf("%v, %d codes sent", err, w.tokenRequests())
	}
}

func TestCallbackOfAnotherProvider(t *testing.T) {
	t.Parallel()
	w := start(t)
	address, flow := w.begin("google")
	callback := w.visit(address, "ada")
	callback.Del("iss")
	for _, other := range []string{"github", "twitter", "apple", "oidc"} {
		if _, err := w.finish(other, flow, callback); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if w.tokenRequests() != 0 {
		t.Error("a code was sent to a provider that did not issue it")
	}
}

func TestPersonWhoSaysNo(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		if _, err := w.signIn(provider, "cancel"); !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v", provider, err)
		}
	}
}

func TestProviderThatChangesStateOrIssuer(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		w.fail(provider, "state")
		if _, err := w.signIn(provider, "ada"); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", provider, err)
		}
		w.fail(provider, "iss")
		if _, err := w.signIn(provider, "ada"); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", provider, err)
		}
	}
}

// An attacker who has someone's code (from a log, a Referer) puts it into a flow of his own.
func TestCodeOfAnotherFlow(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		address, _ := w.begin(provider)
		stolen := w.visit(address, "ada").Get("code")
		address, flow := w.begin(provider)
		callback := w.visit(address, "ada")
		callback.Set("code", stolen)
		want := ErrProvider // by the code verifier
		if provider == "apple" {
			want = ErrToken // by the nonce
		}
		if who, err := w.finish(provider, flow, callback); !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v", provider, who, err)
		}
	}
}

func TestSecondUseOfACode(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		address, flow := w.begin(provider)
		callback := w.visit(address, "ada")
		if _, err := w.finish(provider, flow, callback); err != nil {
			t.Fatal(provider, err)
		}
		if who, err := w.finish(provider, flow, callback); !errors.Is(err, ErrProvider) {
			t.Errorf("%s: %+v, %v", provider, who, err)
		}
	}
}

func TestLateAnswer(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		address, flow := w.begin(provider)
		callback := w.visit(address, "ada")
		w.pass(11 * time.Minute)
		if who, err := w.finish(provider, flow, callback); !errors.Is(err, ErrProvider) {
			t.Errorf("%s: %+v, %v", provider, who, err)
		}
	}
}

// goth's OpenID Connect takes redirect_uri and code_verifier from the callback; ours takes nothing.
func TestCallbackCannotSteerTheExchange(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		address, flow := w.begin(provider)
		callback := w.visit(address, "ada")
		callback.Set("redirect_uri", "https://evil.example/")
		callback.Set("code_verifier", "attacker")
		callback.Set("id_token", "eyJ")
		if _, err := w.finish(provider, flow, callback); err != nil {
			t.Errorf("%s: %v", provider, err)
		}
	}
}

func TestRefusedCodeIsPostedOnce(t *testing.T) {
	t.Parallel()
	for _, provider := range everyone {
		w := start(t)
		address, flow := w.begin(provider)
		callback := w.visit(address, "ada")
		callback.Set("code", "code_made_up")
		if _, err := w.finish(provider, flow, callback); !errors.Is(err, ErrProvider) || w.tokenRequests() != 1 {
			t.Errorf("%s: %d requests, %v", provider, w.tokenRequests(), err)
		}
	}
}

func TestForgedIDTokens(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range []string{"google", "apple", "oidc"} {
		if _, err := w.signIn(provider, "ada"); err != nil { // the issuer is discovered before it turns bad
			t.Fatal(provider, err)
		}
		for _, fault := range []string{"signature", "none", "nonce", "nononce", "issuer", "audience", "audiences", "expired",
			"noexp", "athash"} {
			w.fail(provider, fault)
			if who, err := w.signIn(provider, "ada"); !errors.Is(err, ErrToken) || who.Subject != "" {
				t.Errorf("%s, %s: %+v, %v", provider, fault, who, err)
			}
		}
	}
}

// The nonce of a flow that has none must not match a token that has none.
func TestEmptyNonceIsNoNonce(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range []string{"google", "apple", "oidc"} {
		address, flow := w.begin(provider)
		callback := w.visit(address, "ada")
		w.fail(provider, "nononce")
		flow.Nonce = ""
		if who, err := w.finish(provider, flow, callback); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %+v, %v", provider, who, err)
		}
	}
}

// ID tokens are judged by our clock, not by the machine's: the world's is in another year.
func TestIDTokenOfAnHourAgo(t *testing.T) {
	t.Parallel()
	w := start(t)
	behind := w.providers
	ahead, err := New(w.settings, func() time.Time { return w.now().Add(2 * time.Hour) })
	if err != nil {
		t.Fatal(err)
	}
	address, flow := w.begin("google")
	callback := w.visit(address, "ada")
	w.providers = ahead
	if _, err := w.finish("google", flow, callback); !errors.Is(err, ErrToken) {
		t.Error(err)
	}
	w.providers = behind
	if _, err := w.signIn("google", "ada"); err != nil {
		t.Error(err)
	}
}
