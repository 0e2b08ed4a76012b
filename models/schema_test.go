package models

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"gatehouse/app/tests/testkit/servers"
)

// Who looks changes nothing: an empty database stays empty, an old one old, and a file that is not there is not made.
func TestLookingMigratesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "test.db")
	schema, err := Look(t.Context(), "sqlite://"+path)
	if err != nil || schema.Has != 0 || schema.Wants < 4 || !errors.Is(schema.Err(), ErrNoSchema) {
		t.Errorf("without a file: %+v, %v", schema, err)
	}
	if _, err := OpenAsIs(t.Context(), "sqlite://"+path); !errors.Is(err, ErrNoSchema) {
		t.Errorf("opened without a file: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking made a folder: %v", err)
	}
	empty := servers.Postgres(t)
	for range 2 {
		if schema, err := Look(t.Context(), empty); err != nil || schema.Has != 0 || !errors.Is(schema.Err(), ErrNoSchema) {
			t.Errorf("an empty database: %+v, %v", schema, err)
		}
		if _, err := OpenAsIs(t.Context(), empty); !errors.Is(err, ErrNoSchema) {
			t.Errorf("opened empty: %v", err)
		}
	}
}

// A command does not run on a schema that is not its program's own.
func TestOnlyAStartMigrates(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, address string) {
		reaches := func(change string, want error) {
			t.Helper()
			if _, err := db.exec(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			as, err := OpenAsIs(t.Context(), address)
			if !errors.Is(err, want) {
				t.Errorf("after %s: %v, want %v", change, err, want)
			}
			if err == nil {
				_ = as.Close()
			}
		}
		reaches(`SELECT 1`, nil)
		reaches(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`, ErrNewerSchema)
		if _, err := Open(t.Context(), address); !errors.Is(err, ErrNewerSchema) {
			t.Errorf("a start on a newer schema: %v", err)
		}
		reaches(`DELETE FROM goose_db_version WHERE version_id > 3`, ErrOlderSchema)
		if schema, err := Look(t.Context(), address); err != nil || schema.Has != 3 {
			t.Errorf("after all that: %+v, %v", schema, err)
		}
	})
}
