package tests

import (
	"encoding/json"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"gatehouse/app/server"
	"gatehouse/app/tests/testkit"
)

// A mail server that takes nothing shows in /readyz, and no balancer looks away for it: people still sign in.
func TestWaitingMailsAreDegraded(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t, "SMTP_URL=smtp://127.0.0.1:1", "MAIL_FROM=a@example.com")
	ready := func() (said struct {
		Status, Version string
		Degraded        map[string]string
	}) {
		t.Helper()
		got := h.Browser().Get("/readyz")
		if err := json.Unmarshal([]byte(got.Body), &said); err != nil || got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		return said
	}
	if said := ready(); said.Status != "ready" || len(said.Degraded) != 0 || said.Version != server.Version() {
		t.Errorf("at rest: %+v", said)
	}
	h.Browser().Post("/forgot", "email", testkit.Someone())
	testkit.Eventually(t, "the decoy is gone", func() bool { return h.Outbox.Waiting() == 0 })
	h.Browser().Post("/sign-up", "name", "Ada", "email", testkit.Someone(), "password", testkit.Password)
	testkit.Eventually(t, "the mail waits", func() bool { return strings.Contains(h.Logs.String(), "mail delayed") })
	h.Clock.Advance(3 * time.Minute)
	testkit.Eventually(t, "it is degraded", func() bool {
		return strings.Contains(ready().Degraded["mail"],
			"waited for 3m")
	})
	h.Clock.Advance(20 * time.Minute) // the code is no use any more, and given up
	testkit.Eventually(t, "it is whole again", func() bool { return len(ready().Degraded) == 0 })
}

// What is running is told to operators, and to no page.
func TestVersionIsForOperators(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	if figure(h, `gatehouse_build_info{go="`+runtime.Version()+`",version="`+server.Version()+`"}`) != 1 {
		t.Error("no figure names the version")
	}
	for _, path := range []string{"/", "/sign-in", "/nothing"} {
		got := h.Browser().Get(path)
		if regexp.MustCompile(`\b`+regexp.QuoteMeta(server.Version())+`\b`).MatchString(got.Body) ||
			strings.Contains(got.Body, "generator") {
			t.Errorf("%s names the version", path)
		}
	}
}
