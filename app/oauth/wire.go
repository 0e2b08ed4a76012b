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

// patience is how long one conversation with a provider may take in all.
const patience = 10 * time.Second

// longest is the longest answer read from a provider, in bytes.
const longest = 1 << 20

var errTooLong = errors.New("oauth: answer too long")

// wire is the one way out to providers: it reads bounded answers, and sends every request to the
// emulator where one is set.
type wire struct {
	next     http.RoundTripper
	emulator *url.URL
}

func newWire() *wire {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = patience
	return &wire{next: transport}
}

// via is the same wire through an emulator, or w itself when address is "".
func (w *wire) via(address string) (*wire, error) {
	if address == "" {
		return w, nil
	}
	emulator, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || emulator.Host == "" || (emulator.Scheme != "http" && emulator.Scheme != "https") {
		return nil, errors.New("OAUTH_EMULATOR: set it to http://HOST:PORT of the stand-in")
	}
	return &wire{next: w.next, emulator: emulator}, nil
}

// reroute keeps the real host as the first part of the emulator's path:
// https://github.com/login becomes http://127.0.0.1:9000/github.com/login.
func (w *wire) reroute(real *url.URL) *url.URL {
	if w.emulator == nil {
		return real
	}
	there := *real
	there.Scheme, there.Host = w.emulator.Scheme, w.emulator.Host
	there.Path, there.RawPath = w.emulator.Path+"/"+real.Host+real.Path, ""
	return &there
}

// RoundTrip reads the whole answer, so that none can be endless.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL = w.reroute(r.URL)
	r.Host = r.URL.Host
	res, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, longest+1))
	if err != nil {
		return nil, err
	}
	if len(body) > longest {
		return nil, errTooLong
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return res, nil
}

// client is for what is shared between people: keys, discovery, probes.
func (w *wire) client() *http.Client {
	return &http.Client{Transport: w, CheckRedirect: noRedirect, Timeout: patience}
}

// answers asks for an address and reports whether anything answers there at all.
func (w *wire) answers(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("%w: not an address", ErrUnavailable)
	}
	res, err := w.client().Do(r)
	if err != nil {
		return fmt.Errorf("%w: %s does not answer", ErrUnavailable, r.URL.Host)
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%w: %s answers %d", ErrUnavailable, r.URL.Host, res.StatusCode)
	}
	return nil
}
