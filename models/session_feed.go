package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// overlap is how far back each look at the feed begins, so that an ending that was committed a
// little after its time is not passed over.
const overlap = 5 * time.Second

// skew is how much longer than an access token's life an ending is kept and read back, for clocks
// that differ.
const skew = 5 * time.Minute

const (
	// pollEvery is how often a process reads the feed back by the overlap, and peekEvery how often it looks
	// whether there is something new at all: an index entry, not a scan. After peekFor it answers in any case:
	// whoever follows the feed takes a long silence for a database that is gone.
	pollEvery = time.Second
	peekEvery = 50 * time.Millisecond
	peekFor   = 500 * time.Millisecond
)

// Ended waits until sessions may have ended after the cursor and returns them with the next
// cursor. An empty cursor asks, without waiting, for those of the last access-token lifetime.
func (s Sessions) Ended(ctx context.Context, cursor string) ([]Ended, string, error) {
	at, started := parsePosition(cursor)
	if started {
		if err := s.await(ctx, at.newest); err != nil {
			return nil, cursor, err
		}
	}
	now, err := s.now(ctx, s.db)
	if err != nil {
		return nil, cursor, err
	}
	since := now.Add(-s.keep - skew - overlap)
	if started {
		since = at.whole.Add(-overlap)
		if early := now.Sub(at.whole); early >= 0 && early < pollEvery {
			since, now = at.newest, at.whole // what is new alone; the rest is looked for when its second is over
		}
	}
	ended, err := s.endedSince(ctx, since)
	for _, e := range ended {
		if e.At.After(at.newest) {
			at.newest = e.At
		}
	}
	at.whole = now
	return ended, at.String(), err
}

// await waits until a session ends after the newest that is known, or peekFor is over.
func (s Sessions) await(ctx context.Context, newest time.Time) error {
	for began := time.Now(); time.Since(began) < peekFor; {
		if err := wait(ctx, peekEvery); err != nil {
			return err
		}
		var last time.Time
		query := `SELECT ended_at FROM sessions WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1`
		err := s.db.get(ctx, &last, query)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("models: look at ended sessions: %w", err)
		}
		if err == nil && last.After(newest) {
			return nil
		}
	}
	return nil
}

func (s Sessions) endedSince(ctx context.Context, since time.Time) ([]Ended, error) {
	var rows []struct {
		ID      string    `db:"id"`
		EndedAt time.Time `db:"ended_at"`
	}
	if err := s.db.all(ctx, &rows, `SELECT id, ended_at FROM sessions WHERE ended_at > ?`, stored(since)); err != nil {
		return nil, fmt.Errorf("models: read ended sessions: %w", err)
	}
	ended := make([]Ended, len(rows))
	for i, r := range rows {
		ended[i] = Ended{SessionID: r.ID, At: r.EndedAt.UTC()}
	}
	return ended, nil
}

// position is a cursor: when the feed was last read with the overlap, and the newest ending that is known.
type position struct{ whole, newest time.Time }

func (p position) String() string {
	return p.whole.Format(time.RFC3339Nano) + " " + p.newest.Format(time.RFC3339Nano)
}

func parsePosition(cursor string) (p position, ok bool) {
	whole, newest, _ := strings.Cut(cursor, " ")
	var err, err2 error
	p.whole, err = time.Parse(time.RFC3339Nano, whole)
	p.newest, err2 = time.Parse(time.RFC3339Nano, newest)
	return p, err == nil && err2 == nil
}

// Since is zero: rows of ended sessions are kept for longer than any access token lives.
func (s Sessions) Since() time.Time { return time.Time{} }

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// now is the store's clock: the server's on Postgres, so that processes whose clocks differ agree;
// this machine's on SQLite.
func (s Sessions) now(ctx context.Context, from *DB) (time.Time, error) {
	now := time.Now()
	if s.db.postgres {
		if err := from.get(ctx, &now, `SELECT clock_timestamp()`); err != nil {
			return time.Time{}, fmt.Errorf("models: read the clock: %w", err)
		}
	}
	return stored(now.Add(s.ahead())), nil
}
