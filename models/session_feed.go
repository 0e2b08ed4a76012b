package models

import (
	"context"
	"fmt"
	"time"
)

// overlap is how far back each look at the feed begins, so that an ending that was committed a
// little after its time is not passed over.
const overlap = 5 * time.Second

// skew is how much longer than an access token's life an ending is kept and read back, for clocks
// that differ.
const skew = 5 * time.Minute

// pollEvery is how often a process looks for sessions that another one ended.
const pollEvery = time.Second

// Ended waits until sessions may have ended after the cursor and returns them with the next
// cursor. An empty cursor asks, without waiting, for those of the last access-token lifetime.
func (s Sessions) Ended(ctx context.Context, cursor string) ([]Ended, string, error) {
	if cursor != "" {
		if err := wait(ctx, pollEvery); err != nil {
			return nil, cursor, err
		}
	}
	now, err := s.now(ctx, s.db)
	if err != nil {
		return nil, cursor, err
	}
	since, err := time.Parse(time.RFC3339Nano, cursor)
	if err != nil {
		since = now.Add(-s.keep - skew)
	}
	var rows []sessionRow
	query := `SELECT ` + sessionColumns + ` FROM sessions WHERE ended_at > ?`
	if err := s.db.all(ctx, &rows, query, stored(since.Add(-overlap))); err != nil {
		return nil, cursor, fmt.Errorf("models: read ended sessions: %w", err)
	}
	ended := make([]Ended, len(rows))
	for i, r := range rows {
		ended[i] = Ended{SessionID: r.ID, At: r.EndedAt.UTC()}
	}
	return ended, now.Format(time.RFC3339Nano), nil
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
