package oauth

import "errors"

// What can go wrong on the way, as the caller tells it apart. Errors carry one short fact beside
// these (a host, a status, an error code) and never a token, a code, a secret or an upstream body.
var (
	// ErrUnknownProvider: there is no such provider, or it is not configured.
	ErrUnknownProvider = errors.New("oauth: unknown provider")
	// ErrState: this is not the answer to the question this browser asked.
	ErrState = errors.New("oauth: not the answer to this flow")
	// ErrDenied: the person said no at the provider.
	ErrDenied = errors.New("oauth: denied at the provider")
	// ErrProvider: the provider refused, or answered what cannot be used.
	ErrProvider = errors.New("oauth: refused by the provider")
	// ErrUnavailable: the provider does not answer; later it may.
	ErrUnavailable = errors.New("oauth: provider unavailable")
	// ErrLimited: the provider wants fewer questions.
	ErrLimited = errors.New("oauth: limited by the provider")
	// ErrToken: the ID token is forged, expired, or meant for someone else.
	ErrToken = errors.New("oauth: ID token refused")
)

// safely runs a call into goth, parts of which panic on an answer that lacks a field.
func safely(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrProvider // what it panicked with may hold anything
		}
	}()
	return call()
}

// code is an OAuth error code when it looks like one, otherwise "": the field is the other side's
// to fill, and must not bring text of its own into our logs.
func code(s string) string {
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
