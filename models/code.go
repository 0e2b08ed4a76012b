package models

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrWrongCode says the code does not match; one try is gone. ErrSpentCode says it is used,
// expired, or out of tries: only a new one helps.
var (
	ErrWrongCode = errors.New("models: wrong code")
	ErrSpentCode = errors.New("models: spent code")
)

// Code is a one-time code at rest: Hash is keyed, so the table alone opens nothing.
type Code struct {
	ID        string    `db:"id"`
	Purpose   string    `db:"purpose"`
	Hash      string    `db:"hash"`
	TriesLeft int       `db:"tries_left"`
	ExpiresAt time.Time `db:"expires_at"`
}

// Codes is the codes table.
type Codes struct{ db *DB }

// Create keeps a code, and lets go of those that have expired.
func (c Codes) Create(ctx context.Context, code Code, now time.Time) error {
	return c.db.tx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, c.db.sql.Rebind(`DELETE FROM codes WHERE expires_at <= ?`), stored(now)); err != nil {
			return fmt.Errorf("models: drop codes: %w", err)
		}
		_, err := tx.ExecContext(ctx, c.db.sql.Rebind(`INSERT INTO codes (id, purpose, hash, tries_left, expires_at) VALUES (?, ?, ?, ?, ?)`),
			code.ID, code.Purpose, code.Hash, code.TriesLeft, stored(code.ExpiresAt))
		if err != nil {
			return fmt.Errorf("models: create code: %w", known(err))
		}
		return nil
	})
}

// Consume takes one try of a code and, when the hash matches, the code itself. The try is counted
// before the comparison and in the same statement that checks it, so a thousand guesses at once
// get no more tries than five in a row.
func (c Codes) Consume(ctx context.Context, id, purpose, hash string, now time.Time) error {
	matched := false
	err := c.db.tx(ctx, func(tx *sqlx.Tx) error {
		var kept string
		query := c.db.sql.Rebind(`UPDATE codes SET tries_left = tries_left - 1
			WHERE id = ? AND purpose = ? AND tries_left > 0 AND expires_at > ? RETURNING hash`)
		if err := tx.GetContext(ctx, &kept, query, id, purpose, stored(now)); err != nil {
			return known(err)
		}
		if matched = subtle.ConstantTimeCompare([]byte(kept), []byte(hash)) == 1; !matched {
			return nil
		}
		_, err := tx.ExecContext(ctx, c.db.sql.Rebind(`DELETE FROM codes WHERE id = ?`), id)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return ErrSpentCode
	case err != nil:
		return fmt.Errorf("models: consume code: %w", err)
	case !matched:
		return ErrWrongCode
	}
	return nil
}

// Drop lets a code go, because a newer one replaces it.
func (c Codes) Drop(ctx context.Context, id string) error {
	_, err := c.db.sql.ExecContext(ctx, c.db.sql.Rebind(`DELETE FROM codes WHERE id = ?`), id)
	return err
}

// DropAll lets every code of these purposes go.
func (c Codes) DropAll(ctx context.Context, purposes ...string) error {
	query, args, err := sqlx.In(`DELETE FROM codes WHERE purpose IN (?)`, purposes)
	if err != nil {
		return fmt.Errorf("models: drop codes: %w", err)
	}
	if _, err := c.db.sql.ExecContext(ctx, c.db.sql.Rebind(query), args...); err != nil {
		return fmt.Errorf("models: drop codes: %w", err)
	}
	return nil
}

// Spend marks a one-time value as used for life. ErrTaken when it has been used before.
func (c Codes) Spend(ctx context.Context, id string, now time.Time, life time.Duration) error {
	return c.Create(ctx, Code{ID: id, Purpose: "spent", ExpiresAt: now.Add(life)}, now)
}
