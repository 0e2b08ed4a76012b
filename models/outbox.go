package models

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The kinds of job in the outbox.
const (
	JobMail   = "mail"
	JobEnding = "ending"
)

// Job is one thing that was decided in a unit of work and is still to be done. Body is sealed.
type Job struct {
	ID           string    `db:"id"`
	Kind         string    `db:"kind"`
	Line         int       `db:"line"`      // a lower one goes first
	UserID       string    `db:"user_id"`   // "" of nobody who is known
	Recipient    string    `db:"recipient"` // a keyed hash, to be counted
	Body         string    `db:"body"`
	Tries        int       `db:"tries"` // begun so far
	CreatedAt    time.Time `db:"created_at"`
	DueAt        time.Time `db:"due_at"`
	ClaimedUntil time.Time `db:"claimed_until"`
}

const jobColumns = `id, kind, line, COALESCE(user_id, '') AS user_id, recipient, body, tries,
	created_at, due_at, claimed_until`

// ErrFull says that too much waits for one recipient.
var ErrFull = errors.New("models: outbox full")

// Outbox is the outbox table (transactional outbox): rows are written in the unit of work that decides, and
// let go when they are done. Each is done at least once.
type Outbox struct{ db *DB }

// Add writes a job, due now, and returns it as it stands. One with ClaimedUntil is left to whoever adds it until then.
// ErrFull when as many wait for its recipient, in its line, as may.
func (o Outbox) Add(ctx context.Context, job Job, most int, now time.Time) (Job, error) {
	job.ID, job.CreatedAt, job.DueAt = newID(), stored(now), stored(now)
	if job.ClaimedUntil.IsZero() {
		job.ClaimedUntil = now
	}
	job.ClaimedUntil = stored(job.ClaimedUntil)
	query := `INSERT INTO outbox (id, kind, line, user_id, recipient, body, tries, created_at, due_at, claimed_until)
		SELECT ?, ?, ?, NULLIF(?, ''), ?, ?, 0, ?, ?, ?
		WHERE (SELECT count(*) FROM outbox WHERE recipient = ? AND line = ?) < ?`
	err := affected(o.db.exec(ctx, query, job.ID, job.Kind, job.Line, job.UserID, job.Recipient, job.Body,
		job.CreatedAt, job.DueAt, job.ClaimedUntil, job.Recipient, job.Line, most))
	if errors.Is(err, ErrNotFound) {
		return Job{}, ErrFull
	}
	if err != nil {
		return Job{}, fmt.Errorf("models: add to the outbox: %w", err)
	}
	return job, nil
}

// Claim takes the next job of a kind that is due, in a line up to this one, for the time of the lease: whoever
// is killed meanwhile leaves it to others. ErrNotFound when there is none.
func (o Outbox) Claim(ctx context.Context, kind string, line int, now time.Time, lease time.Duration) (Job, error) {
	next := `SELECT id FROM outbox WHERE kind = ? AND line <= ? AND due_at <= ? AND claimed_until <= ?
		ORDER BY line, due_at, id LIMIT 1`
	var id string
	// A look alone is cheap, and does not wait for SQLite's one writer.
	if err := o.db.get(ctx, &id, next, kind, line, stored(now), stored(now)); err != nil {
		return Job{}, fmt.Errorf("models: claim: %w", err)
	}
	if !o.db.Embedded() {
		next += ` FOR UPDATE SKIP LOCKED`
	}
	var job Job
	err := o.db.Tx(ctx, func(tx *DB) error {
		query := `UPDATE outbox SET claimed_until = ?, tries = tries + 1 WHERE id = (` + next + `) RETURNING id`
		if err := tx.get(ctx, &id, query, stored(now.Add(lease)), kind, line, stored(now), stored(now)); err != nil {
			return err
		}
		return tx.get(ctx, &job, `SELECT `+jobColumns+` FROM outbox WHERE id = ?`, id)
	})
	if err != nil {
		return Job{}, fmt.Errorf("models: claim: %w", err)
	}
	return job, nil
}

// Take claims this very job for the time of the lease. False where another holds it; ErrNotFound when it is done.
func (o Outbox) Take(ctx context.Context, id string, now time.Time, lease time.Duration) (Job, bool, error) {
	var job Job
	taken := false
	err := o.db.Tx(ctx, func(tx *DB) error {
		query := `UPDATE outbox SET claimed_until = ?, tries = tries + 1 WHERE id = ? AND claimed_until <= ?`
		result, err := tx.exec(ctx, query, stored(now.Add(lease)), id, stored(now))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		taken = n > 0
		if err != nil {
			return err
		}
		return tx.get(ctx, &job, `SELECT `+jobColumns+` FROM outbox WHERE id = ?`, id)
	})
	if err != nil {
		return Job{}, false, fmt.Errorf("models: take a job: %w", err)
	}
	return job, taken, nil
}

// Done lets a job go. One that is gone already stays gone.
func (o Outbox) Done(ctx context.Context, id string) error {
	err := o.db.Tx(ctx, func(tx *DB) error {
		_, err := tx.exec(ctx, `DELETE FROM outbox WHERE id = ?`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("models: done: %w", err)
	}
	return nil
}

// Postpone gives a claimed job back, to be tried again when it is due. One that another has claimed since stays
// with them.
func (o Outbox) Postpone(ctx context.Context, job Job, due time.Time) error {
	err := o.db.Tx(ctx, func(tx *DB) error {
		query := `UPDATE outbox SET due_at = ?, claimed_until = ? WHERE id = ? AND claimed_until = ?`
		_, err := tx.exec(ctx, query, stored(due), stored(job.CreatedAt), job.ID, stored(job.ClaimedUntil))
		return err
	})
	if err != nil {
		return fmt.Errorf("models: postpone: %w", err)
	}
	return nil
}

// OfUser lists a person's jobs of a kind, claimed or not, the oldest first.
func (o Outbox) OfUser(ctx context.Context, userID, kind string) ([]Job, error) {
	var jobs []Job
	query := `SELECT ` + jobColumns + ` FROM outbox WHERE user_id = ? AND kind = ? ORDER BY id`
	if err := o.db.all(ctx, &jobs, query, userID, kind); err != nil {
		return nil, fmt.Errorf("models: jobs of a user: %w", err)
	}
	return jobs, nil
}

// JobCount says how many jobs of a kind are in a line, and how many of them could be claimed now.
type JobCount struct {
	Kind    string `db:"kind"`
	Line    int    `db:"line"`
	Waiting int    `db:"waiting"`
	Due     int    `db:"due"`
}

// Count looks at all lines at once.
func (o Outbox) Count(ctx context.Context, now time.Time) ([]JobCount, error) {
	var counts []JobCount
	query := `SELECT kind, line, count(*) AS waiting,
			sum(CASE WHEN due_at <= ? AND claimed_until <= ? THEN 1 ELSE 0 END) AS due
		FROM outbox GROUP BY kind, line`
	if err := o.db.all(ctx, &counts, query, stored(now), stored(now)); err != nil {
		return nil, fmt.Errorf("models: count the outbox: %w", err)
	}
	return counts, nil
}

// Oldest is when the job was decided that has waited the longest. ErrNotFound when none waits.
func (o Outbox) Oldest(ctx context.Context) (time.Time, error) {
	var at time.Time
	if err := o.db.get(ctx, &at, `SELECT created_at FROM outbox ORDER BY id LIMIT 1`); err != nil {
		return time.Time{}, fmt.Errorf("models: oldest job: %w", err)
	}
	return at.UTC(), nil
}
