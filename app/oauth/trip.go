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

// trip is one conversation with a provider: one person's sign-in, or one refresh. goth's calls take
// no context, no code verifier, and lose half of the token answer, so each trip gives goth a client
// of its own whose transport is the trip.
type trip struct {
	ctx     context.Context
	about   traits
	flow    Flow
	replies map[string]reply
	token   tokenAnswer
	fault   error // the first thing that went wrong on the wire
	named   bool  // the provider promises an "iss" in its answers
}

// reply is an answer as read from the wire.
type reply struct {
	res  *http.Response
	body []byte
	err  error
}

// tokenAnswer is what a token endpoint says (RFC 6749, 5.1 and 5.2).
type tokenAnswer struct {
	Access    string      `json:"access_token"`
	Refresh   string      `json:"refresh_token"`
	ID        string      `json:"id_token"`
	Scope     string      `json:"scope"`
	ExpiresIn json.Number `json:"expires_in"`
	Error     string      `json:"error"`
}

func newTrip(ctx context.Context, about traits, flow Flow) (*trip, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	return &trip{ctx: ctx, about: about, flow: flow, replies: map[string]reply{}}, cancel
}

func (t *trip) client() *http.Client {
	return &http.Client{Transport: t, CheckRedirect: noRedirect}
}

// RoundTrip asks each address once. x/oauth2 would post a refused code a second time in another
// style, which some providers take for a replay, and goth reads GitHub's addresses a second time.
func (t *trip) RoundTrip(r *http.Request) (*http.Response, error) {
	key := r.Method + " " + r.URL.String()
	got, asked := t.replies[key]
	if !asked {
		var err error
		if r, err = t.dress(r); err != nil {
			return nil, err
		}
		got = t.ask(r)
		t.replies[key] = got
		t.note(r, got)
	}
	if got.err != nil {
		return nil, got.err
	}
	res := *got.res
	res.Body = io.NopCloser(bytes.NewReader(got.body))
	return &res, nil
}

// dress adds what goth leaves out. The only POST of a trip is the one to the token endpoint.
func (t *trip) dress(r *http.Request) (*http.Request, error) {
	r = r.Clone(t.ctx)
	r.Header.Set("Accept", "application/json")
	if r.Method == http.MethodPost {
		return r, t.dressToken(r)
	}
	// goth puts Google's access token into the query, from where it gets into logs.
	if q := r.URL.Query(); q.Has("access_token") {
		r.Header.Set("Authorization", "Bearer "+q.Get("access_token"))
		q.Del("access_token")
		r.URL.RawQuery = q.Encode()
	}
	return r, nil
}

func (t *trip) dressToken(r *http.Request) error {
	raw, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return err
	}
	if t.about.pkce && form.Get("grant_type") == "authorization_code" {
		form.Set("code_verifier", t.flow.Verifier)
	}
	if t.about.dress != nil {
		t.about.dress(r, form)
	}
	body := []byte(form.Encode())
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	return nil
}

func (t *trip) ask(r *http.Request) reply {
	res, err := t.about.wire.RoundTrip(r)
	if err != nil {
		return reply{err: err}
	}
	body, err := io.ReadAll(res.Body)
	if r.Method == http.MethodPost {
		_ = json.Unmarshal(body, &t.token) // what is unreadable stays empty, and is refused as such
	}
	return reply{res: res, body: body, err: err}
}

// json reads an address with the access token.
func (t *trip) json(address string, into any) error {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+t.token.Access)
	res, err := t.client().Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: answered %d", ErrProvider, res.StatusCode)
	}
	return json.NewDecoder(res.Body).Decode(into)
}

// tokens are the provider's, for keeping. An expiry that is not given is zero: no end is known.
func (t *trip) tokens(now time.Time) models.ProviderTokens {
	kept := models.ProviderTokens{Access: t.token.Access, Refresh: t.token.Refresh, Scope: t.token.Scope}
	if seconds, err := t.token.ExpiresIn.Int64(); err == nil && seconds > 0 {
		kept.Expiry = now.Add(time.Duration(seconds) * time.Second).UTC()
	}
	return kept
}
