package models

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"gatehouse/app/tests/testkit/servers"
)

// A pool full of connections that died with the server says nothing about the server that is back.
func TestPingFindsAServerThatIsBack(t *testing.T) {
	t.Parallel()
	address := servers.Need(t, "TEST_DATABASE_URL", "no PostgreSQL was found")
	db, err := dialPostgres(servers.With(address, "application_name=ping_finds"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	admin, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	for _, conn := range held(t, db) {
		_ = conn.Close()
	}
	if _, err := admin.ExecContext(t.Context(),
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ping_finds'`); err != nil {
		t.Fatal(err)
	}
	for left := 1; left > 0; {
		if err := admin.QueryRowContext(t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ping_finds'`).Scan(&left); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := db.Ping(ctx); err != nil {
		t.Fatalf("the first Ping = %v", err)
	}
	for _, conn := range held(t, db) { // and no page meets a dead one either
		if _, err := conn.ExecContext(t.Context(), "SELECT 1"); err != nil {
			t.Fatalf("after that, a page's question = %v", err)
		}
	}
}

// held is as many connections of a pool as it keeps.
func held(t *testing.T, db *DB) (open []*sql.Conn) {
	t.Helper()
	for range mostConns {
		conn, err := db.sql.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
	}
	return open
}
