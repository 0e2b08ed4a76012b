package models

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What a code answers. ErrWrongCode: it does not match, and one try of the flow is gone. ErrSpentCode:
// it is used, expired or out of tries, and only a new one helps. ErrUsedCode is an ErrSpentCode: this
// very code was used before, as by the first of two presses.
var (
	ErrWrongCode = errors.New("models: wrong code")
	ErrSpentCode = errors.New("models: spent code")
	ErrUsedCode  = fmt.Errorf("%w: used before", ErrSpentCode)
)

const (
	// CodeTries is how often one flow may try, right or wrong.
	CodeTries = 5
	// SharedCodes is how many live codes, the newest, a flow compares with that waits for none of its own.
	SharedCodes = 3
)

// Code is a one-time code at rest: Hash is keyed, so the table alone opens nothing.
type Code struct {
	ID        string    `db:"id"`
	Purpose   string    `db:"purpose"`
	Hash      string    `db:"hash"`
	ExpiresAt time.Time `db:"expires_at"`
}

// Codes is the codes table, and the tries of the flows that wait for one.
type Codes struct{ db *DB }

// Create keeps a code. ErrTaken when the id is.
func (c Codes) Create(ctx context.Context, code Code) error {
	query := `INSERT INTO codes (id, purpose, hash, tries_left, expires_at) VALUES (?, ?, ?, ?, ?)`
	_, err := c.db.exec(ctx, query, code.ID, code.Purpose, code.Hash, 0, stored(code.ExpiresAt))
	if err != nil {
		return fmt.Errorf("models: create code: %w", err)
	}
	return nil
}

// Live reports whether a code of a purpose is neither used nor expired.
func (c Codes) Live(ctx context.Context, purpose string, now time.Time) (bool, error) {
	var live bool
	query := `SELECT EXISTS (SELECT 1 FROM codes WHERE purpose = ? AND expires_at > ?)`
	if err := c.db.get(ctx, &live, query, purpose, stored(now)); err != nil {
		return false, fmt.Errorf("models: live codes: %w", err)
	}
	return live, nil
}

// Try takes one try of a flow, which lives for life. ErrSpentCode when none is left.
//
// It is counted before anything is compared and under the lock of the flow's row, so a thousand guesses at
// once get no more of them than five in a row. Tries belong to the flow and not to the code: whoever shares a
// code cannot use up the tries of others (no lockout by strangers). Call it outside of a unit of work: one that
// is rolled back would give the try back to whoever guesses (brute force).
func (c Codes) Try(ctx context.Context, flow string, life time.Duration, now time.Time) error {
	var left int
	err := c.db.Tx(ctx, func(tx *DB) error {
		query := `INSERT INTO code_tries (flow, tries_left, expires_at) VALUES (?, ?, ?)
			ON CONFLICT (flow) DO UPDATE SET tries_left = code_tries.tries_left - 1 WHERE code_tries.tries_left > 0 RETURNING tries_left`
		return tx.get(ctx, &left, query, flow, CodeTries-1, stored(now.Add(life)))
	})
	if errors.Is(err, ErrNotFound) {
		return ErrSpentCode
	}
	if err != nil {
		return fmt.Errorf("models: try a code: %w", err)
	}
	return nil
}

// Guess is what a flow has a try for.
type Guess struct {
	CodeID  string // the code it waits for; "" for any of the newest of its purpose
	Purpose string
	Hashes  []string // of what was typed, under each key that may have made the code's
}

// Compare looks at a guess. The code that matches stays, and its id is returned: Use takes it. ErrWrongCode,
// ErrSpentCode, ErrUsedCode.
func (c Codes) Compare(ctx context.Context, guess Guess, now time.Time) (id string, err error) {
	var codes []Code
	query := `SELECT id, purpose, hash, expires_at FROM codes WHERE purpose IN (?, ?) AND expires_at > ? ORDER BY expires_at DESC`
	err = c.db.all(ctx, &codes, query, guess.Purpose, used(guess.Purpose), stored(now))
	if err != nil {
		return "", fmt.Errorf("models: compare a code: %w", err)
	}
	return guess.match(codes)
}

// match compares in constant time (timing attack) with each code that the flow may wait for.
func (g Guess) match(codes []Code) (id string, err error) {
	err = ErrSpentCode
	compared := 0
	for _, code := range codes {
		if g.CodeID != "" && g.CodeID != code.ID || compared == SharedCodes {
			continue
		}
		matches := 0
		for _, hash := range g.Hashes {
			matches |= subtle.ConstantTimeCompare([]byte(code.Hash), []byte(hash))
		}
		live := code.Purpose == g.Purpose
		if live {
			compared++
		}
		switch {
		case live && matches == 1:
			return code.ID, nil
		case matches == 1:
			err = ErrUsedCode
		case live && !errors.Is(err, ErrUsedCode):
			err = ErrWrongCode
		}
	}
	return "", err
}

// Return gives a flow its try back: the code was right, and something else was not.
func (c Codes) Return(ctx context.Context, flow string) error {
	query := `UPDATE code_tries SET tries_left = tries_left + 1 WHERE flow = ?`
	if _, err := c.db.exec(ctx, query, flow); err != nil {
		return fmt.Errorf("models: return a try: %w", err)
	}
	return nil
}

// Use consumes a code that was proven. ErrUsedCode when another flow, or another press, was quicker.
func (c Codes) Use(ctx context.Context, id, purpose string) error {
	query := `UPDATE codes SET purpose = ? WHERE id = ? AND purpose = ?`
	err := affected(c.db.exec(ctx, query, used(purpose), id, purpose))
	if errors.Is(err, ErrNotFound) {
		return ErrUsedCode
	}
	if err != nil {
		return fmt.Errorf("models: use code: %w", err)
	}
	return nil
}

// used is the purpose of a code that was consumed. It opens nothing.
func used(purpose string) string { return "used: " + purpose }

// Drop lets every live code go whose purpose begins with one of these.
func (c Codes) Drop(ctx context.Context, purposes ...string) error {
	for _, purpose := range purposes {
		if err := c.DropOthers(ctx, purpose, ""); err != nil {
			return err
		}
	}
	return nil
}

// DropOthers lets every live code go whose purpose begins with this, but for one purpose.
func (c Codes) DropOthers(ctx context.Context, begins, keep string) error {
	query := `DELETE FROM codes WHERE purpose LIKE ? ESCAPE '\' AND purpose <> ?`
	if _, err := c.db.exec(ctx, query, likePrefix(begins), keep); err != nil {
		return fmt.Errorf("models: drop codes: %w", err)
	}
	return nil
}

// likePrefix is a LIKE pattern for what begins with a text; its wildcards are escaped (LIKE injection).
func likePrefix(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// Sweep lets go of codes and tries whose time is over.
func (c Codes) Sweep(ctx context.Context, now time.Time) error {
	for _, table := range []string{"codes", "code_tries"} {
		if _, err := c.db.exec(ctx, `DELETE FROM `+table+` WHERE expires_at <= ?`, stored(now)); err != nil {
			return fmt.Errorf("models: sweep %s: %w", table, err)
		}
	}
	return nil
}

// Spend marks a one-time value as used for life, against its replay. ErrTaken when it has been used before.
func (c Codes) Spend(ctx context.Context, id string, now time.Time, life time.Duration) error {
	return c.Create(ctx, Code{ID: id, Purpose: "spent", ExpiresAt: now.Add(life)})
}
