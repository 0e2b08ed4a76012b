package oauth

import (
	"errors"
	"fmt"
	"net/http"
)

// note keeps what went wrong as one of our errors, for goth's own errors hold tokens and bodies.
func (t *trip) note(r *http.Request, got reply) {
	host, posted := r.URL.Host, r.Method == http.MethodPost
	switch {
	case t.fault != nil:
	case errors.Is(got.err, errTooLong):
		t.fault = fmt.Errorf("%w: %s answered more than 1 MiB", ErrProvider, host)
	case got.err != nil:
		t.fault = fmt.Errorf("%w: %s did not answer", ErrUnavailable, host)
	case limited(got.res):
		t.fault = fmt.Errorf("%w: %s answered %d", ErrLimited, host, got.res.StatusCode)
	case got.res.StatusCode >= http.StatusInternalServerError:
		t.fault = fmt.Errorf("%w: %s answered %d", ErrUnavailable, host, got.res.StatusCode)
	case posted && t.token.Error != "": // GitHub refuses with status 200
		t.fault = fmt.Errorf("%w: %s refused (%s)", ErrProvider, host, code(t.token.Error))
	case got.res.StatusCode > 299:
		t.fault = fmt.Errorf("%w: %s answered %d", ErrProvider, host, got.res.StatusCode)
	}
}

// limited: GitHub says 403 where others say 429.
func limited(res *http.Response) bool {
	return res.StatusCode == http.StatusTooManyRequests ||
		res.StatusCode == http.StatusForbidden && res.Header.Get("X-RateLimit-Remaining") == "0"
}

// failed is what to tell the caller of an error of goth's or of ours.
func (t *trip) failed(err error) error {
	if err == nil {
		return nil
	}
	for _, ours := range []error{ErrToken, ErrState, ErrUnavailable, ErrLimited} {
		if errors.Is(err, ours) {
			return err
		}
	}
	if t.fault != nil {
		return t.fault
	}
	return fmt.Errorf("%w: %s gave an answer that cannot be read", ErrProvider, t.about.name)
}
