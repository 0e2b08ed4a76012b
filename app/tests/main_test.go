// Package tests walks through the real routes of the real app: one test a promise, with a cookie jar and a moved clock.
package tests

import (
	"log/slog"
	"os"
	"testing"

	"gatehouse/app/session"
)

func TestMain(m *testing.M) {
	session.Quiet(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
