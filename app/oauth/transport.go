package oauth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// exchangeTimeout is how long one exchange with a provider may take in all.
const exchangeTimeout = 10 * time.Second

// maxBodyBytes bounds a response read from a provider.
const maxBodyBytes = 1 << 20

var errBodyTooLong = errors.New("oauth: answer too long")

// transport is the HTTP transport of every request to a provider. It bounds response bodies, and sends requests to
// the emulator where one is set.
type transport struct {
	next     http.RoundTripper
	emulator *url.URL
}

func newTransport() *transport {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.ResponseHeaderTimeout = exchangeTimeout
	return &transport{next: base}
}

// withEmulator is the same transport to an emulator, or tr itself when address is "".
func (tr *transport) withEmulator(address string) (*transport, error) {
	if address == "" {
		return tr, nil
	}
	emulator, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || emulator.Host == "" || (emulator.Scheme != "http" && emulator.Scheme != "https") {
		return nil, errors.New("OAUTH_EMULATOR: set it to http://HOST:PORT of the stand-in")
	}
	return &transport{next: tr.next, emulator: emulator}, nil
}

// reroute keeps the real host as the first part of the emulator's path:
// https://github.com/login becomes http://127.0.0.1:9000/github.com/login.
func (tr *transport) reroute(real *url.URL) *url.URL {
	if tr.emulator == nil {
		return real
	}
	there := *real
	there.Scheme, there.Host = tr.emulator.Scheme, tr.emulator.Host
	there.Path, there.RawPath = tr.emulator.Path+"/"+real.Host+real.Path, ""
	return &there
}

// RoundTrip reads the body whole, up to maxBodyBytes (denial of service by an endless response).
func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL = tr.reroute(r.URL)
	r.Host = r.URL.Host
	res, err := tr.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBodyBytes+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxBodyBytes {
		return nil, errBodyTooLong
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return res, nil
}

// client is for what is shared between people: keys, discovery, probes.
func (tr *transport) client() *http.Client {
	return &http.Client{Transport: tr, CheckRedirect: noRedirect, Timeout: exchangeTimeout}
}

// checkReachable asks for an address and reports whether anything answers there at all. ErrUnavailable.
func (tr *transport) checkReachable(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("%w: not an address", ErrUnavailable)
	}
	res, err := tr.client().Do(r)
	if err != nil {
		return fmt.Errorf("%w: %s does not answer", ErrUnavailable, r.URL.Host)
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%w: %s answers %d", ErrUnavailable, r.URL.Host, res.StatusCode)
	}
	return nil
}
