package models

import (
	"path/filepath"
	"testing"

	"gatehouse/app/tests/testkit/servers"
)

// eachDatabase runs a test on SQLite, and on Postgres in a schema of its own. address opens the same one again.
func eachDatabase(t *testing.T, test func(t *testing.T, db *DB, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		address := "sqlite://" + filepath.Join(t.TempDir(), "test.db")
		test(t, opened(t, address), address)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		address := servers.Postgres(t)
		test(t, opened(t, address), address)
	})
}

func opened(t *testing.T, address string) *DB {
	t.Helper()
	db, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}
