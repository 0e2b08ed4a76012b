package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Tx is a unit of work: what is done through the tables of tx is done whole or not at all. A method that
// needs a transaction joins the one it finds itself in, and so does a Tx inside another.
//
// Ask tx alone inside: on SQLite another door to the same database waits for this unit to end. After an
// error return it, for on Postgres a statement that failed (ErrTaken is one) ends the whole transaction;
// a step that may fail, and be followed by others, is an Attempt.
func (db *DB) Tx(ctx context.Context, work func(tx *DB) error) error {
	if db.unit != nil {
		return work(db)
	}
	leave, err := db.queue(ctx)
	if err != nil {
		return err
	}
	defer leave()
	unit, err := db.sql.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("models: begin: %w", err)
	}
	defer func() { _ = unit.Rollback() }()
	if err := work(db.in(unit)); err != nil {
		return err
	}
	if err := unit.Commit(); err != nil {
		return fmt.Errorf("models: commit: %w", err)
	}
	return nil
}

// Attempt is a part of a unit of work that may fail alone: its error undoes the part and nothing else, and
// the unit may go on (a savepoint). Outside of a unit it is one.
func (db *DB) Attempt(ctx context.Context, work func(tx *DB) error) error {
	if db.unit == nil {
		return db.Tx(ctx, work)
	}
	if _, err := db.exec(ctx, `SAVEPOINT attempt`); err != nil {
		return fmt.Errorf("models: savepoint: %w", err)
	}
	failed, then := work(db), `RELEASE SAVEPOINT attempt`
	if failed != nil {
		then = `ROLLBACK TO SAVEPOINT attempt`
	}
	if _, err := db.exec(ctx, then); err != nil {
		return errors.Join(failed, fmt.Errorf("models: savepoint: %w", err))
	}
	return failed
}

// queue waits for SQLite's one writer. SQLite takes the write lock when a transaction begins, so nothing
// read inside can be stale when it is written. It waits for that lock by looking now and then, so of many
// waiters some would starve: they queue here instead.
func (db *DB) queue(ctx context.Context) (leave func(), err error) {
	if db.writer == nil {
		return func() {}, nil
	}
	select {
	case db.writer <- struct{}{}:
		return func() { <-db.writer }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("models: begin: %w", ctx.Err())
	}
}

// in is this database seen from inside a transaction.
func (db *DB) in(unit *sqlx.Tx) *DB {
	inside := &DB{sql: db.sql, unit: unit, postgres: db.postgres}
	inside.tables()
	return inside
}

// Every statement on a table goes through these three, in a unit of work or outside. They take ? for each
// argument, and answer in this package's words: ErrNotFound, ErrTaken.

// get reads one row. ErrNotFound when there is none.
func (db *DB) get(ctx context.Context, into any, query string, args ...any) error {
	return db.read(ctx, query, func(of sqlx.QueryerContext, query string) error {
		return sqlx.GetContext(ctx, of, into, query, args...)
	})
}

// all reads every row into a slice.
func (db *DB) all(ctx context.Context, into any, query string, args ...any) error {
	return db.read(ctx, query, func(of sqlx.QueryerContext, query string) error {
		return sqlx.SelectContext(ctx, of, into, query, args...)
	})
}

// exec writes.
func (db *DB) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := db.q().ExecContext(ctx, db.sql.Rebind(query), args...)
	return result, known(err)
}

// q is where a statement runs now: in the transaction, or on any connection.
func (db *DB) q() sqlx.ExtContext {
	if db.unit != nil {
		return db.unit
	}
	return db.sql
}
