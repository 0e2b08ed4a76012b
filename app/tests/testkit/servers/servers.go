// Package servers is what a test of any package needs of the world outside it: a PostgreSQL, a Redis and a log to
// read. It imports nothing of ours, so that tests inside models, session, limit and account may use it.
package servers

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"strings"
	"testing"

	_ "github.com/lib/pq" // the driver of the schemas
)

// Need is a setting of the test run. Outside CI a test without it is skipped, and says why.
func Need(t *testing.T, name, why string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		Without(t, name+" is not set: "+why)
	}
	return value
}

// Without skips a test that this machine cannot run, and fails it in CI, where nothing is skipped.
func Without(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s, and in CI nothing is skipped", why)
	}
	t.Skip(why)
}

// Redis is the address of the test run's Redis. Everybody shares it: use keys of your own, and never flush it.
func Redis(t *testing.T) string {
	t.Helper()
	return Need(t, "TEST_REDIS_URL", "no redis-server was found")
}

// Postgres is the address of an empty schema on the test run's PostgreSQL, which goes with the test.
func Postgres(t *testing.T) string {
	t.Helper()
	address := Need(t, "TEST_DATABASE_URL", "no PostgreSQL was found")
	db, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	name := "t" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return With(address, "search_path="+name)
}

// With is the address of a database with one more parameter.
func With(address, parameter string) string {
	if strings.Contains(address, "?") {
		return address + "&" + parameter
	}
	return address + "?" + parameter
}
