package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"gatehouse/models"
)

// exchange is the back-channel part of one authorization code flow, or one refresh of kept tokens. goth's calls
// take no context and no PKCE code verifier, and lose half of the token response, so each exchange gives goth an
// HTTP client of its own whose transport is the exchange.
type exchange struct {
	ctx         context.Context
	about       traits
	flow        Flow
	responses   map[string]response
	token       tokenResponse
	failure     error // the first request that failed, as one of our errors
	requiresIss bool  // the provider promises "iss" in its authorization responses (RFC 9207)
}

// response is an HTTP response, its body read whole.
type response struct {
	res  *http.Response
	body []byte
	err  error
}

// tokenResponse is a token endpoint's response, successful or not (RFC 6749, 5.1 and 5.2).
type tokenResponse struct {
	Access    string      `json:"access_token"`
	Refresh   string      `json:"refresh_token"`
	ID        string      `json:"id_token"`
	Scope     string      `json:"scope"`
	ExpiresIn json.Number `json:"expires_in"`
	Error     string      `json:"error"`
}

func newExchange(ctx context.Context, about traits, flow Flow) (*exchange, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	return &exchange{ctx: ctx, about: about, flow: flow, responses: map[string]response{}}, cancel
}

func (ex *exchange) client() *http.Client {
	return &http.Client{Transport: ex, CheckRedirect: noRedirect}
}

// RoundTrip sends each request once; a repeated one gets the first response (idempotent). x/oauth2 would post a
// refused code a second time with another client authentication, which some providers take for a replay of the
// code, and goth reads GitHub's addresses a second time.
func (ex *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.Method + " " + r.URL.String()
	got, sent := ex.responses[key]
	if !sent {
		var err error
		if r, err = ex.decorate(r); err != nil {
			return nil, err
		}
		got = ex.send(r)
		ex.responses[key] = got
		ex.classify(r, got)
	}
	if got.err != nil {
		return nil, got.err
	}
	res := *got.res
	res.Body = io.NopCloser(bytes.NewReader(got.body))
	return &res, nil
}

// decorate adds what goth leaves out. The only POST of an exchange is the one to the token endpoint.
func (ex *exchange) decorate(r *http.Request) (*http.Request, error) {
	r = r.Clone(ex.ctx)
	r.Header.Set("Accept", "application/json")
	if r.Method == http.MethodPost {
		return r, ex.decorateToken(r)
	}
	// goth puts Google's access token into the query, from where it gets into logs.
	if q := r.URL.Query(); q.Has("access_token") {
		r.Header.Set("Authorization", "Bearer "+q.Get("access_token"))
		q.Del("access_token")
		r.URL.RawQuery = q.Encode()
	}
	return r, nil
}

// decorateToken proves with the PKCE code verifier that the code is exchanged by whoever began the flow (RFC 7636,
// 4.5): a code that leaked from a log or a Referer is worth nothing to another.
func (ex *exchange) decorateToken(r *http.Request) error {
	raw, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return err
	}
	if ex.about.pkce && form.Get("grant_type") == "authorization_code" {
		form.Set("code_verifier", ex.flow.Verifier)
	}
	if ex.about.decorate != nil {
		ex.about.decorate(r, form)
	}
	body := []byte(form.Encode())
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	return nil
}

func (ex *exchange) send(r *http.Request) response {
	res, err := ex.about.transport.RoundTrip(r)
	if err != nil {
		return response{err: err}
	}
	body, err := io.ReadAll(res.Body)
	if r.Method == http.MethodPost {
		_ = json.Unmarshal(body, &ex.token) // what is unreadable stays empty, and is refused as such
	}
	return response{res: res, body: body, err: err}
}

// getJSON reads a resource with the access token as bearer (RFC 6750, 2.1).
func (ex *exchange) getJSON(address string, into any) error {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+ex.token.Access)
	res, err := ex.client().Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: answered %d", ErrProvider, res.StatusCode)
	}
	return json.NewDecoder(res.Body).Decode(into)
}

// providerTokens are the provider's, for keeping. An expiry that is not given is zero: no end is known.
func (ex *exchange) providerTokens(now time.Time) models.ProviderTokens {
	kept := models.ProviderTokens{Access: ex.token.Access, Refresh: ex.token.Refresh, Scope: ex.token.Scope}
	if seconds, err := ex.token.ExpiresIn.Int64(); err == nil && seconds > 0 {
		kept.Expiry = now.Add(time.Duration(seconds) * time.Second).UTC()
	}
	return kept
}
