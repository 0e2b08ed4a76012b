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

// codeTries is how often a used code may be shown again.
const codeTries = 5

// Consume takes one try of a code and, when the hash matches, the code itself.
func (c Codes) Consume(ctx context.Context, id, purpose, hash string, now time.Time) error {
	matched := false
	err := c.db.tx(ctx, func(tx *sqlx.Tx) (err error) {
		if matched, err = c.try(ctx, tx, id, purpose, hash, now); !matched {
			return err
		}
		_, err = tx.ExecContext(ctx, c.db.sql.Rebind(`UPDATE codes SET purpose = ?, tries_left = ? WHERE id = ?`), used(purpose), codeTries, id)
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

// Consumed reports whether this very code was consumed, until it expires: whoever presses a button
// twice finds it spent by the first press. It takes one try of a few.
func (c Codes) Consumed(ctx context.Context, id, purpose, hash string, now time.Time) (bool, error) {
	matched, err := c.try(ctx, c.db.sql, id, used(purpose), hash, now)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return matched, err
}

// used is the purpose of a code that was consumed. It opens nothing.
func used(purpose string) string { return "used: " + purpose }

// try counts a try before the comparison and in the same statement that checks for one, so a
// thousand guesses at once get no more tries than five in a row. ErrNotFound when none is left.
func (c Codes) try(ctx context.Context, db sqlx.QueryerContext, id, purpose, hash string, now time.Time) (bool, error) {
	var kept string
	query := c.db.sql.Rebind(`UPDATE codes SET tries_left = tries_left - 1
		WHERE id = ? AND purpose = ? AND tries_left > 0 AND expires_at > ? RETURNING hash`)
	if err := sqlx.GetContext(ctx, db, &kept, query, id, purpose, stored(now)); err != nil {
		return false, known(err)
	}
	return subtle.ConstantTimeCompare([]byte(kept), []byte(hash)) == 1, nil
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
