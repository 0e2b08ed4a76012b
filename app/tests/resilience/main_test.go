//go:build resilience

// Package resilience_test kills, hangs and fails over what Gatehouse stands on, and looks at it from
// outside: real processes of the real binary, real redis-server, PostgreSQL and nginx, all on the
// loopback and all stopped again. `make test-resilience` runs it.
package resilience_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gatehouse/app/session"
)

// binary is Gatehouse as it ships; sql is one PostgreSQL for all scenarios, a database each.
var (
	binary string
	sql    *postgres
)

func TestMain(m *testing.M) {
	code, err := prepared(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func prepared(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "resilience")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := os.Chmod(folder, 0o755); err != nil {
		return 1, err
	}
	binary = filepath.Join(folder, "gatehouse")
	build := exec.Command("go", "build", "-o", binary, "gatehouse/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build: %w\n%s", err, out)
	}
	if sql, err = newPostgres(filepath.Join(folder, "pg")); err != nil {
		return 1, fmt.Errorf("postgres: %w", err)
	}
	defer sql.remove()
	session.Quiet(slog.New(slog.DiscardHandler)) // this test's own client complains too
	return m.Run(), nil
}

// tool finds a program of the system. Outside CI a scenario without it is skipped, and says why.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not here, and in CI nothing is skipped", name)
	}
	t.Skipf("%s is not here", name)
	return ""
}
