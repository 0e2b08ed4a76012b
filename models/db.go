// Package models keeps users, identities, codes, events and sessions in SQLite or Postgres. Each
// table is one file: its type and all of its SQL, written once in the dialect both share.
package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrNotFound says that no row answers the question; ErrTaken that the database refused a second
// row with the same unique value.
var (
	ErrNotFound = errors.New("models: not found")
	ErrTaken    = errors.New("models: taken")
)

// DB is one open database with a door to each table.
type DB struct {
	Users      Users
	Identities Identities
	Codes      Codes
	Events     Events
	Sessions   Sessions
	Pictures   Pictures
	DataKeys   DataKeys
	Outbox     Outbox

	sql      *sqlx.DB
	unit     *sqlx.Tx // the transaction this DB is inside of; nil outside
	postgres bool
	writer   chan struct{} // SQLite's one writer; nil on Postgres
	hot      *hot          // nil until Prepare, and in a unit of work
}

// Open connects to a sqlite:// or postgres:// address and brings its schema up to date. Several
// processes may open one database at once: the migrations run once, under a lock.
func Open(ctx context.Context, url string) (*DB, error) {
	return open(ctx, url, true, (*DB).migrate)
}

// OpenAsIs is Open that migrates nothing and makes no file: for a command that runs beside the processes that
// serve. ErrNoSchema, ErrOlderSchema, ErrNewerSchema.
func OpenAsIs(ctx context.Context, url string) (*DB, error) {
	return open(ctx, url, false, func(db *DB, ctx context.Context) error {
		schema, err := db.schema(ctx)
		if err != nil {
			return err
		}
		return schema.Err()
	})
}

func open(ctx context.Context, url string, create bool, ready func(*DB, context.Context) error) (*DB, error) {
	db, err := dial(url, create)
	if err != nil {
		return nil, err
	}
	if err := ready(db, ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.tables()
	return db, nil
}

func (db *DB) tables() {
	db.Users, db.Identities, db.Codes = Users{db}, Identities{db}, Codes{db}
	db.Events, db.Sessions, db.Pictures = Events{db}, Sessions{db: db}, Pictures{db}
	db.DataKeys, db.Outbox = DataKeys{db}, Outbox{db}
}

// Ping reports whether the database answers now. What a pooled connection says after a restart of the
// server is about the server that was: the pool lets go of the idle ones, and a new one is asked.
func (db *DB) Ping(ctx context.Context) error {
	err := db.sql.PingContext(ctx)
	if err == nil || !db.postgres || ctx.Err() != nil {
		return err
	}
	db.sql.SetMaxIdleConns(0)
	db.sql.SetMaxIdleConns(mostConns)
	_, err = db.exec(ctx, "SELECT 1")
	return err
}

// Close waits for running queries and lets the connections go. To a server that is away there is nothing to say.
func (db *DB) Close() error {
	if err := db.sql.Close(); err != nil && !Unavailable(err) {
		return err
	}
	return nil
}

// Embedded reports whether this is SQLite, inside this process.
func (db *DB) Embedded() bool { return !db.postgres }

// mostConns is how many connections to Postgres there are, and how many wait for work: one that is closed after a
// busy moment costs Postgres a process to open again, and everything that was prepared on it.
const mostConns = 20

func dial(url string, create bool) (*DB, error) {
	scheme, path, _ := strings.Cut(url, "://")
	switch scheme {
	case "sqlite":
		return dialSQLite(path, create)
	case "postgres", "postgresql":
		return dialPostgres(url)
	}
	return nil, errors.New("DATABASE_URL: it starts with sqlite:// or postgres://")
}

func dialSQLite(path string, create bool) (*DB, error) {
	pragmas := "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)" +
		"&_pragma=synchronous(NORMAL)&_txlock=immediate"
	if create {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("DATABASE_URL: make the folder of the database: %w", err)
		}
	} else {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, ErrNoSchema
		}
		pragmas += "&mode=rw"
	}
	// In a file: address these three would cut the path short, and another file would be opened.
	path = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	conn, err := sqlx.Open("sqlite", "file:"+path+pragmas)
	if err != nil {
		return nil, fmt.Errorf("models: open sqlite: %w", err)
	}
	sqlx.BindDriver("sqlite", sqlx.QUESTION)
	return &DB{sql: conn, writer: make(chan struct{}, 1)}, nil
}

func dialPostgres(url string) (*DB, error) {
	url = withTimeouts(url)
	connector, err := pq.NewConnector(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", withoutSecrets(err))
	}
	connector.Dialer(&dialer{timeout: readTimeout(url)})
	conn := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	conn.SetMaxOpenConns(mostConns)
	conn.SetMaxIdleConns(mostConns)
	conn.SetConnMaxLifetime(30 * time.Minute)
	conn.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{sql: conn, postgres: true}, nil
}

// withTimeouts bounds how long a silent server can hold a request, unless the address says otherwise.
func withTimeouts(url string) string {
	for _, setting := range []string{"connect_timeout=5", "statement_timeout=5000", "timezone=UTC",
		"binary_parameters=yes"} {
		key, _, _ := strings.Cut(setting, "=")
		if strings.Contains(url, key+"=") {
			continue
		}
		join := "?"
		if strings.Contains(url, "?") {
			join = "&"
		}
		url += join + setting
	}
	return url
}

// withoutSecrets keeps a parse error from quoting the address, which holds the password.
func withoutSecrets(err error) error {
	if strings.Contains(err.Error(), "://") {
		return errors.New("not a valid postgres:// address")
	}
	return err
}

// forUpdate ends a SELECT whose row is about to be written.
func (db *DB) forUpdate() string {
	if db.postgres {
		return " FOR UPDATE"
	}
	return ""
}

// known turns a driver's answer into this package's words.
func known(err error) error {
	var postgres *pq.Error
	var embedded *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &postgres) && postgres.Code == "23505":
		return ErrTaken
	case errors.As(err, &embedded) && (embedded.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE ||
		embedded.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
		return ErrTaken
	}
	return err
}

// newID is a UUIDv7: unguessable enough for a row, ordered by time for the index.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// stored is t as both databases keep it: UTC, whole microseconds.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// affected turns "no row changed" into ErrNotFound.
func affected(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}
