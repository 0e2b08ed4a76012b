package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		address := ownSchema(t)
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
	return db
}

func ownSchema(t *testing.T) string {
	t.Helper()
	address := os.Getenv("TEST_DATABASE_URL")
	if address == "" && os.Getenv("CI") != "" {
		t.Fatal("TEST_DATABASE_URL is not set, and in CI nothing is skipped")
	}
	if address == "" {
		t.Skip("TEST_DATABASE_URL is not set: no PostgreSQL was found")
	}
	raw, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	name := "models_" + strings.ToLower(rand.Text())
	if _, err := raw.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := raw.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
		_ = raw.Close()
	})
	join := "?"
	if strings.Contains(address, "?") {
		join = "&"
	}
	return address + join + "search_path=" + name
}
