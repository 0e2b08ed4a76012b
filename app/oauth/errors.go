package oauth

import (
	"errors"
	"fmt"
	"net/http"
)

// The errors of a sign-in with a provider. They carry one short fact beside these (a host, a status, an error code) and
// never a token, a code, a secret or an upstream body.
var (
	// ErrUnknownProvider: there is no such provider, or it is not configured.
	ErrUnknownProvider = errors.New("oauth: unknown provider")
	// ErrState: the callback does not belong to this browser's flow (login CSRF, mix-up attack).
	ErrState = errors.New("oauth: not the answer to this flow")
	// ErrDenied: the person said no at the provider.
	ErrDenied = errors.New("oauth: denied at the provider")
	// ErrProvider: the provider refused, or answered what cannot be used.
	ErrProvider = errors.New("oauth: refused by the provider")
	// ErrUnavailable: the provider does not answer; later it may.
	ErrUnavailable = errors.New("oauth: provider unavailable")
	// ErrLimited: the provider limits our requests; later it may answer.
	ErrLimited = errors.New("oauth: limited by the provider")
	// ErrToken: the ID token is forged, expired, replayed, or meant for another client.
	ErrToken = errors.New("oauth: ID token refused")
)

// classify keeps the first failure as one of our errors: goth's own errors hold tokens and bodies.
func (ex *exchange) classify(r *http.Request, res response) {
	host, posted := r.URL.Host, r.Method == http.MethodPost
	switch {
	case ex.failure != nil:
	case errors.Is(res.err, errBodyTooLong):
		ex.failure = fmt.Errorf("%w: %s answered more than 1 MiB", ErrProvider, host)
	case res.err != nil:
		ex.failure = fmt.Errorf("%w: %s did not answer", ErrUnavailable, host)
	case limited(res.res):
		ex.failure = fmt.Errorf("%w: %s answered %d", ErrLimited, host, res.res.StatusCode)
	case res.res.StatusCode >= http.StatusInternalServerError:
		ex.failure = fmt.Errorf("%w: %s answered %d", ErrUnavailable, host, res.res.StatusCode)
	case posted && ex.token.Error != "": // GitHub refuses with status 200
		ex.failure = fmt.Errorf("%w: %s refused (%s)", ErrProvider, host, errorCode(ex.token.Error))
	case res.res.StatusCode > 299:
		ex.failure = fmt.Errorf("%w: %s answered %d", ErrProvider, host, res.res.StatusCode)
	}
}

// limited finds a rate limit: GitHub says 403 where others say 429.
func limited(res *http.Response) bool {
	return res.StatusCode == http.StatusTooManyRequests ||
		res.StatusCode == http.StatusForbidden && res.Header.Get("X-RateLimit-Remaining") == "0"
}

// safeError is what the caller may see and log of an error of goth's or of ours.
func (ex *exchange) safeError(err error) error {
	if err == nil {
		return nil
	}
	for _, ours := range []error{ErrToken, ErrState, ErrUnavailable, ErrLimited} {
		if errors.Is(err, ours) {
			return err
		}
	}
	if ex.failure != nil {
		return ex.failure
	}
	return fmt.Errorf("%w: %s gave an answer that cannot be read", ErrProvider, ex.about.name)
}

// recoverPanic runs a call into goth, parts of which panic on a response that lacks a field. ErrProvider.
func recoverPanic(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrProvider // what it panicked with may hold anything
		}
	}()
	return call()
}

// errorCode is an OAuth error code when it looks like one, otherwise "": the other side fills the field, and must not
// write into our logs (log injection).
func errorCode(s string) string {
	if len(s) > 40 {
		return ""
	}
	for _, r := range s {
		if r != '_' && (r < 'a' || r > 'z') {
			return ""
		}
	}
	return s
}
