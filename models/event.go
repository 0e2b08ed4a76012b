package models

import (
	"context"
	"fmt"
	"time"
)

// The kinds of event a person sees among their recent activity.
const (
	EventSignedUp        = "signed_up"
	EventSignedIn        = "signed_in"
	EventSignInFailed    = "sign_in_failed"
	EventSignedOut       = "signed_out"
	EventSessionEnded    = "session_ended"
	EventSessionsEnded   = "sessions_ended"
	EventReuse           = "refresh_token_reused"
	EventRefreshRefused  = "refresh_refused"
	EventPasswordChanged = "password_changed"
	EventPasswordReset   = "password_reset"
	EventEmailChanged    = "email_changed"
	EventProfileChanged  = "profile_changed"
	EventLinked          = "identity_linked"
	EventUnlinked        = "identity_unlinked"
	EventReauthenticated = "reauthenticated"
	EventReauthFailed    = "reauthentication_failed"
	EventDeleted         = "account_deleted"
	EventDisabled        = "account_disabled"
	EventEnabled         = "account_enabled"
	EventRolesChanged    = "roles_changed"
)

// Event is one thing that happened to a person's account. Detail is a few words without secrets:
// a provider's name, a masked address.
type Event struct {
	ID        string    `db:"id"`
	UserID    string    `db:"user_id"`
	SessionID string    `db:"session_id"`
	Kind      string    `db:"kind"`
	IP        string    `db:"ip"`
	Client    string    `db:"client"`
	At        time.Time `db:"at"`
	Detail    string    `db:"detail"`
}

// Events is the events table.
type Events struct{ db *DB }

// MaxEvents is how many events of one kind a person keeps, the newest. The bound is for each kind apart, so
// that a flood of one (a profile saved again and again) pushes out no trace of another.
const MaxEvents = 200

// Record keeps an event, and lets go of the oldest of its kind beyond MaxEvents. ErrNotFound when the
// person is gone, and their events with them.
func (e Events) Record(ctx context.Context, event Event) error {
	query := `INSERT INTO events (id, user_id, session_id, kind, ip, client, at, detail)
		SELECT ?, id, ?, ?, ?, ?, ?, ? FROM users WHERE id = ?`
	err := affected(e.db.exec(ctx, query, newID(), event.SessionID, event.Kind,
		event.IP, event.Client, stored(event.At), event.Detail, event.UserID))
	if err != nil {
		return fmt.Errorf("models: record event: %w", err)
	}
	query = `DELETE FROM events WHERE user_id = ? AND kind = ? AND at < (
		SELECT at FROM events WHERE user_id = ? AND kind = ? ORDER BY at DESC LIMIT 1 OFFSET ?)`
	if _, err := e.db.exec(ctx, query, event.UserID, event.Kind, event.UserID, event.Kind, MaxEvents-1); err != nil {
		return fmt.Errorf("models: drop events: %w", err)
	}
	return nil
}

// RecordWithout keeps an event that belongs to nobody any more, as that of a deletion does.
func (e Events) RecordWithout(ctx context.Context, event Event) error {
	query := `INSERT INTO events (id, session_id, kind, ip, client, at, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`
	_, err := e.db.exec(ctx, query, newID(), event.SessionID, event.Kind, event.IP, event.Client, stored(event.At),
		event.Detail)
	if err != nil {
		return fmt.Errorf("models: record event: %w", err)
	}
	return nil
}

// WithUser reads a person and their latest events, newest first, in one question; but for refreshes
// refused: a browser that comes back after its session's end is nothing to tell them. ErrNotFound
// when the person is gone.
func (e Events) WithUser(ctx context.Context, userID string, limit int) (User, []Event, error) {
	var rows []struct {
		User
		Event Event `db:"event"`
	}
	query := `SELECT * FROM (SELECT ` + userColumns + ` FROM users WHERE id = ?) person CROSS JOIN (
			SELECT id AS "event.id", user_id AS "event.user_id", session_id AS "event.session_id", kind AS "event.kind",
				ip AS "event.ip", client AS "event.client", at AS "event.at", detail AS "event.detail"
			FROM events WHERE user_id = ? AND kind <> ? ORDER BY at DESC, id DESC LIMIT ?) latest
		ORDER BY "event.at" DESC, "event.id" DESC`
	if err := e.db.all(ctx, &rows, query, userID, userID, EventRefreshRefused, limit); err != nil {
		return User{}, nil, fmt.Errorf("models: list events: %w", err)
	}
	if len(rows) == 0 { // gone, or quiet for longer than events are kept
		user, err := e.db.Users.ByID(ctx, userID)
		return user, nil, err
	}
	events := make([]Event, len(rows))
	for i, row := range rows {
		events[i] = row.Event
	}
	return rows[0].User, events, nil
}

// DropBefore lets old events go and says how many went.
func (e Events) DropBefore(ctx context.Context, before time.Time) (int64, error) {
	result, err := e.db.exec(ctx, `DELETE FROM events WHERE at < ?`, stored(before))
	if err != nil {
		return 0, fmt.Errorf("models: drop events: %w", err)
	}
	return result.RowsAffected()
}
