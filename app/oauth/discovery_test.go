package oauth

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

func (w *world) tryBegin(provider string) error {
	_, _, err := w.providers.Begin(w.Context(), provider, Flow{})
	w.quiet(err)
	return err
}

func TestIssuerDownThenUp(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.fail("oidc", "500")
	for range 3 {
		if err := w.tryBegin("oidc"); !errors.Is(err, ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if n := w.requests("openid-configuration"); n != 1 {
		t.Errorf("asked a dead issuer %d times within the pause", n)
	}
	for _, provider := range []string{"google", "github", "twitter", "apple"} {
		if _, err := w.signIn(provider, "ada"); err != nil {
			t.Errorf("%s: %v", provider, err)
		}
	}
	w.fail("oidc", "")
	w.pass(discoveryRetry)
	if _, err := w.signIn("oidc", "ada"); err != nil {
		t.Error(err)
	}
	w.fail("oidc", "discovery-500")
	if _, err := w.signIn("oidc", "ada"); err != nil {
		t.Error("once found, the issuer's document is not needed:", err)
	}
}

func TestIssuerThatCallsItselfOtherwise(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"issuer", "discovery-redirect", "discovery-oversize", "discovery-garbage"} {
		w := start(t)
		w.fail("oidc", fault)
		if err := w.tryBegin("oidc"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", fault, err)
		}
		if w.requests("/elsewhere") != 0 {
			t.Error("a redirect was followed")
		}
	}
}

func TestManyFindTheIssuerWithOneQuestion(t *testing.T) {
	t.Parallel()
	w := start(t)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := w.tryBegin("oidc"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := w.requests("openid-configuration"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestSlowIssuerHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.fail("oidc", "slow")
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, _, err := w.providers.Begin(ctx, "oidc", Flow{})
		ended <- err
	}()
	for _, provider := range []string{"google", "github", "twitter", "apple"} {
		if _, err := w.signIn(provider, "ada"); err != nil {
			t.Errorf("%s: %v", provider, err)
		}
	}
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := w.providers.Begin(impatient, "oidc", Flow{}); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	leave()
	if err := <-ended; !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	w.fail("oidc", "")
	if err := w.tryBegin("oidc"); err != nil {
		t.Error("a visitor who left counts as a failure of the issuer:", err)
	}
}

func TestIssuerMustNotLeadToPlainHTTP(t *testing.T) {
	t.Parallel()
	d := &discovery{issuer: "https://login.example"}
	if d.keepsHTTPS("http://login.example/token") || !d.keepsHTTPS("https://login.example/token") ||
		!(&discovery{issuer: "http://127.0.0.1"}).keepsHTTPS("http://127.0.0.1/token") {
		t.Error("plain http after https")
	}
}

func TestOnlyPublicKeyAlgorithmsSign(t *testing.T) {
	t.Parallel()
	if got := publicKeyAlgorithms([]string{"none", "HS256", "ES256"}); len(got) != 1 || got[0] != "ES256" {
		t.Error(got)
	}
}

func TestCheckTellsWhoAnswers(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, provider := range everyone {
		if err := w.providers.Check(t.Context(), provider); err != nil {
			t.Errorf("%s: %v", provider, err)
		}
	}
	for _, provider := range []string{"google", "apple", "oidc"} {
		w.fail(provider, "500")
		err := w.providers.Check(t.Context(), provider)
		w.quiet(err)
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", provider, err)
		}
	}
	settings := w.settings
	settings.Emulator, settings.OIDC.Issuer = "http://127.0.0.1:1", "http://127.0.0.1:1"
	nowhere, err := New(settings, w.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, provider := range everyone {
		err := nowhere.Check(t.Context(), provider)
		w.quiet(err)
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", provider, err)
		}
	}
}
