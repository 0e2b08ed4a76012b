package session

import (
	"context"
	"time"

	"gatehouse/models"
)

// Store keeps sessions. models.Sessions (SQLite, Postgres) and Redis keep this contract, and one
// test holds them to it:
//
//   - Each method is one atomic step on the store's own clock; the caller's clock is never asked.
//   - An error means that nothing is known. It never means that a session is over.
//   - What has ended is never brought back: Rotate and Acknowledge change live sessions only.
//   - When a method returns sessions as ended without an error, the feed has them; after a reuse,
//     at the latest before this process next reads it.
type Store interface {
	// Start keeps a new session that ends after life in any case, with now for its AuthTime unless it has one.
	// Beyond models.MaxSessions the user's least recently seen sessions end, and are returned.
	Start(ctx context.Context, session models.Session, life time.Duration) (models.Session, []models.Ended, error)
	// Rotate judges a presented count (models.Session.Judge): it moves the session on, replays, or ends it, and
	// returns it as it now stands.
	Rotate(ctx context.Context, userID, id string, count int64) (models.Session, models.Outcome, error)
	// Acknowledge notes that access tokens of these counts have come back.
	Acknowledge(ctx context.Context, seen []models.Acknowledgement) error
	// Rewrite replaces what all live sessions of a user claim. It brings none back.
	Rewrite(ctx context.Context, userID string, claims models.Claims) error
	// Live reports whether a session has neither ended nor run out.
	Live(ctx context.Context, userID, id string) (bool, error)
	// ByUser lists a user's live sessions, the most recently seen first.
	ByUser(ctx context.Context, userID string) ([]models.Session, error)
	// End ends one session. Ending it again is no error, and the feed has it once more where it may have missed it.
	End(ctx context.Context, userID, id string) ([]models.Ended, error)
	// EndUser ends all sessions of a user that started by a time (zero: all), but for one that may be kept
	// (""), in one step.
	EndUser(ctx context.Context, userID, except string, before time.Time) ([]models.Ended, error)
	// Ended is the feed. It waits about a second at most for sessions ended after the cursor, and
	// may repeat some. An empty cursor asks, without waiting, for the last access-token lifetime. It is an
	// error, too, when nothing could be added to the feed: then it tells nothing, however it may be read.
	Ended(ctx context.Context, cursor string) (ended []models.Ended, next string, err error)
	// Since is from when on the feed is whole, as of the last Ended: later than usual when the store has
	// come back empty. Zero where it always is.
	Since() time.Time
}
