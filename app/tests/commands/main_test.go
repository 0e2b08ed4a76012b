// Package commands runs the real binary beside a house that serves.
package commands

import (
	"fmt"
	"log/slog"
	"os"
	"testing"

	"gatehouse/app/session"
	"gatehouse/app/tests/testkit"
)

// gatehouse is the program as it ships.
var gatehouse string

func TestMain(m *testing.M) {
	code, err := built(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func built(m *testing.M) (code int, err error) {
	session.Quiet(slog.New(slog.DiscardHandler))
	folder, err := os.MkdirTemp("", "commands")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if gatehouse, err = testkit.Build(folder, "gatehouse/app"); err != nil {
		return 1, err
	}
	return m.Run(), nil
}
