package models

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"gatehouse/app/tests/testkit/servers"
)

// prepared counts what one connection has prepared.
func prepared(t *testing.T, db *DB) (count int) {
	t.Helper()
	if err := db.sql.Get(&count, `SELECT count(*) FROM pg_prepared_statements`); err != nil {
		t.Fatal(err)
	}
	return count
}

// What is asked often is parsed once for a connection; one in a unit of work is not prepared.
func TestQuestionsArePreparedOnce(t *testing.T) {
	t.Parallel()
	db := opened(t, servers.Postgres(t))
	db.sql.SetMaxOpenConns(1)
	user, err := db.Users.Create(t.Context(), User{Name: "Ada"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if found, err := db.Users.ByID(t.Context(), user.ID); err != nil || found.Name != "Ada" {
			t.Fatalf("ByID = %v, %v", found, err)
		}
		if err := db.Tx(t.Context(), func(tx *DB) error { return tx.Users.Lock(t.Context(), user.ID) }); err != nil {
			t.Fatal(err)
		}
	}
	if count := prepared(t, db); count != 1 {
		t.Errorf("%d statements are prepared, want 1", count)
	}
}

// A newer process that migrates the schema makes no question of this one fail.
func TestAMigrationElsewhereIsNotSeen(t *testing.T) {
	t.Parallel()
	db := opened(t, servers.Postgres(t))
	user, err := db.Users.Create(t.Context(), User{Name: "Ada"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ask := func() {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if found, err := db.Users.ByID(t.Context(), user.ID); err != nil || found.Name != "Ada" {
					t.Errorf("ByID = %v, %v", found.Name, err)
				}
			})
		}
		all.Wait()
	}
	ask()
	before := db.hot.prepared
	for _, kind := range []string{"varchar(500)", "text"} {
		if _, err := db.sql.Exec(`ALTER TABLE users ALTER COLUMN name TYPE ` + kind); err != nil {
			t.Fatal(err)
		}
		ask()
		ask()
	}
	if len(before) != 1 {
		t.Errorf("%d questions are prepared afterwards, want 1", len(before))
	}
}

// A statement that one request finds stale may be in another one's hands.
func TestAStaleStatementIsNotTakenAway(t *testing.T) {
	t.Parallel()
	db := opened(t, servers.Postgres(t))
	const question = `SELECT CAST(? AS INTEGER)`
	stmt, err := db.hot.of(t.Context(), db.sql, question)
	if err != nil {
		t.Fatal(err)
	}
	db.hot.drop(question, stmt)
	var got int
	if err := stmt.GetContext(t.Context(), &got, 4); err != nil || got != 4 {
		t.Errorf("the other request reads %d, %v", got, err)
	}
}

// Connections that died with the server take their statements along; those that follow prepare them again.
func TestStatementsOutliveTheServer(t *testing.T) {
	t.Parallel()
	address := servers.Postgres(t)
	db, other := opened(t, servers.With(address, "application_name=statements_outlive")), opened(t, address)
	user, err := db.Users.Create(t.Context(), User{Name: "Ada"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := db.Users.ByID(t.Context(), user.ID); err != nil {
			t.Fatal(err)
		}
		query := `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'statements_outlive'`
		if _, err := other.sql.Exec(query); err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Users.ByID(t.Context(), user.ID); err != nil {
		t.Errorf("after a restart ByID = %v", err)
	}
}

// However many texts are asked, a bounded number is prepared, and all are answered.
func TestPreparedQuestionsAreBounded(t *testing.T) {
	t.Parallel()
	db := opened(t, servers.Postgres(t))
	db.sql.SetMaxOpenConns(1)
	for n := range 2 * mostHot {
		var got int
		if err := db.get(t.Context(), &got, fmt.Sprintf(`SELECT %d + CAST(? AS INTEGER)`, n), 1); err != nil || got != n+1 {
			t.Fatalf("%d + 1 = %d, %v", n, got, err)
		}
	}
	if count := prepared(t, db); count != mostHot {
		t.Errorf("%d statements are prepared, want %d", count, mostHot)
	}
}

// Behind a pooler that shares connections, our numbered statements are those of somebody else: a question would
// be answered with another's. The start stops instead.
func TestSharedConnectionsAreNotPreparedOn(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), servers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var both []*sqlx.Conn
	for range 2 {
		conn, err := db.sql.Connx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), `PREPARE "1" AS SELECT 2`); err != nil { // as another process would
			t.Fatal(err)
		}
		both = append(both, conn)
	}
	for _, conn := range both {
		_ = conn.Close()
	}
	if err := db.Prepare(t.Context()); !errors.Is(err, ErrPooled) {
		t.Errorf("Prepare = %v, want ErrPooled", err)
	}
}
