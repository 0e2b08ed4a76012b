package emulator

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Faults are what can be switched on for a provider. Those of wire may be narrowed to one endpoint,
// as in "profile-429"; the endpoints are token, profile, keys and discovery.
func Faults() []string {
	return append(wireFaults(),
		"state", "iss", // the answer through the browser
		"signature", "none", "nonce", "nononce", "issuer", "audience", "audiences", "expired", "noexp", "stale", "noauthtime",
		"athash", "subject", "longsubject", // the ID token
		"stranger", // userinfo is of another subject
		"strings",  // booleans are strings, as Cognito has them
	)
}

func wireFaults() []string {
	return []string{"slow", "500", "429", "200error", "redirect", "oversize", "garbage"}
}

// Fail makes a provider fail in one way, until told otherwise; "" mends it.
func (e *Emulator) Fail(provider, fault string) error {
	kind := fault
	if endpoint, narrowed, ok := strings.Cut(fault, "-"); ok &&
		slices.Contains([]string{"token", "profile", "keys", "discovery"}, endpoint) {
		kind = narrowed
		if !slices.Contains(wireFaults(), kind) {
			return fmt.Errorf("emulator: no fault %q", fault)
		}
	}
	if e.service(provider) == nil || (kind != "" && !slices.Contains(Faults(), kind)) {
		return fmt.Errorf("emulator: no fault %q of %q", fault, provider)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults[provider] = fault
	return nil
}

func (e *Emulator) fault(provider string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.faults[provider]
}

// setFault is POST /switch?provider=..&fail=..
func (e *Emulator) setFault(w http.ResponseWriter, r *http.Request) {
	if err := e.Fail(r.FormValue("provider"), r.FormValue("fail")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// injectFault responds in place of an endpoint that is switched to fail, and reports whether it did.
func (e *Emulator) injectFault(w http.ResponseWriter, r *http.Request, s *service, endpoint string) bool {
	fault := e.fault(s.name)
	if kind, narrowed := strings.CutPrefix(fault, endpoint+"-"); narrowed {
		fault = kind
	}
	switch fault {
	case "slow":
		wait(r)
	case "500":
		http.Error(w, "<h1>Internal error</h1>", http.StatusInternalServerError)
	case "429":
		w.Header().Set("Retry-After", "60")
		writeJSON(w, http.StatusTooManyRequests, map[string]any{"title": "Too Many Requests", "status": 429})
	case "200error":
		writeJSON(w, http.StatusOK, map[string]string{"error": "bad_verification_code",
			"error_description": "The code passed is incorrect or expired: " + r.PostFormValue("code")})
	case "redirect":
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	case "oversize":
		_, _ = w.Write(make([]byte, 2<<20))
	case "garbage":
		_, _ = w.Write([]byte(`{"access_token":`))
	default:
		return false
	}
	return true
}

// wait keeps a request until its client gives up, or half a minute. That a client is gone is only
// noticed once its body is read.
func wait(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
	case <-timer.C:
	}
}
