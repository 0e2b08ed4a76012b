package tests

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// A restore as docs/operations.md has it brings nobody back who had signed out, and loses nobody's account.
func TestRestoreRevivesNoSession(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	path := strings.TrimPrefix(h.Env["DATABASE_URL"], "sqlite://")
	copied, email := filepath.Join(t.TempDir(), "copy.db"), testkit.Someone()
	b := h.Browser().SignUp(email)
	asks(t, path, "VACUUM INTO '"+copied+"'")
	left := b.Copy()
	b.Want(b.Post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
	h.Browser().SignUp(testkit.Someone()) // after the copy
	h.Shut()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(path + suffix)
	}
	if err := os.Rename(copied, path); err != nil {
		t.Fatal(err)
	}
	asks(t, path, "DELETE FROM sessions; DELETE FROM codes; DELETE FROM code_tries; DELETE FROM outbox")
	h.Again()
	left.Expire() // ACCESS_TTL has passed
	left.Refuses("signed out after the copy was made")
	h.Browser().SignIn(email)
}

func asks(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}
