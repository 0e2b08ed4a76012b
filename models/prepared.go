package models

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// ErrPooled says that a pooler hands one connection of the server to many (PgBouncer in transaction mode, when
// it does not follow prepared statements): there one process would run what another one has prepared.
var ErrPooled = errors.New("models: a pooler mixes up prepared statements")

// Prepare has questions that are asked outside of a unit of work prepared, once for each connection: Postgres
// parses and plans a question each time it comes otherwise, which costs it several times what answering does.
// On SQLite it does nothing: there preparing costs less than remembering. ErrPooled.
//
// Writes and units of work stay as they are: there the commit is what costs, and a statement that a migration
// has made stale (see stale) would end the whole transaction.
func (db *DB) Prepare(ctx context.Context) error {
	if !db.postgres {
		return nil
	}
	if err := db.unshared(ctx); err != nil {
		return err
	}
	db.hot = &hot{prepared: map[string]*sqlx.Stmt{}}
	return nil
}

// unshared prepares on two connections at once. The driver numbers statements for each connection from one, so
// on one that is really shared the second is refused.
func (db *DB) unshared(ctx context.Context) error {
	for range 2 {
		conn, err := db.sql.Connx(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		stmt, err := conn.PreparexContext(ctx, `SELECT 1`)
		if code := state(err); code == "42P05" || code == "26000" { // there already; not there
			return ErrPooled
		}
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
	}
	return nil
}

// hot is the questions that are prepared. The text of each is a constant, so they are few; mostHot holds where
// that is not so, for the server keeps a plan of each for every connection.
type hot struct {
	mu       sync.RWMutex
	prepared map[string]*sqlx.Stmt
}

const mostHot = 64

// of is the statement of a question, nil for one too many.
func (h *hot) of(ctx context.Context, db *sqlx.DB, question string) (*sqlx.Stmt, error) {
	h.mu.RLock()
	stmt, full := h.prepared[question], len(h.prepared) >= mostHot
	h.mu.RUnlock()
	if stmt != nil || full {
		return stmt, nil
	}
	stmt, err := db.PreparexContext(ctx, db.Rebind(question))
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if before := h.prepared[question]; before != nil { // another request was first
		_ = stmt.Close()
		return before, nil
	}
	h.prepared[question] = stmt
	return stmt, nil
}

// drop forgets a statement. It is closed later: another request may be about to ask it.
func (h *hot) drop(question string, stmt *sqlx.Stmt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.prepared[question] == stmt {
		delete(h.prepared, question)
		time.AfterFunc(time.Minute, func() { _ = stmt.Close() })
	}
}

// read asks a question, prepared where it may be. One that turns out stale is asked again as it stands: the
// server has refused it before it did anything.
func (db *DB) read(ctx context.Context, question string,
	ask func(of sqlx.QueryerContext, question string) error) error {
	if db.hot != nil {
		stmt, err := db.hot.of(ctx, db.sql, question)
		if err != nil {
			return known(err)
		}
		if stmt != nil {
			if err := ask(again{stmt}, question); !stale(err) {
				return known(err)
			}
			db.hot.drop(question, stmt)
		}
	}
	return known(ask(db.q(), db.sql.Rebind(question)))
}

// stale reports whether a statement was prepared for a schema that a newer process has migrated since ("cached
// plan must not change result type"), or is gone from its connection (DEALLOCATE, DISCARD ALL).
func stale(err error) bool {
	var refused *pq.Error
	if !errors.As(err, &refused) {
		return false
	}
	return refused.Code == "26000" || refused.Code == "0A000" && refused.Routine == "RevalidateCachedQuery"
}

// state is the SQLSTATE of an error of Postgres.
func state(err error) string {
	var refused *pq.Error
	if errors.As(err, &refused) {
		return string(refused.Code)
	}
	return ""
}

// again is a prepared statement that is asked as a database is; the question that comes along is its own.
type again struct{ stmt *sqlx.Stmt }

// QueryContext is sqlx's interface.
func (a again) QueryContext(ctx context.Context, _ string, args ...any) (*sql.Rows, error) {
	return a.stmt.QueryContext(ctx, args...)
}

// QueryxContext is sqlx's interface.
func (a again) QueryxContext(ctx context.Context, _ string, args ...any) (*sqlx.Rows, error) {
	return a.stmt.QueryxContext(ctx, args...)
}

// QueryRowxContext is sqlx's interface.
func (a again) QueryRowxContext(ctx context.Context, _ string, args ...any) *sqlx.Row {
	return a.stmt.QueryRowxContext(ctx, args...)
}
