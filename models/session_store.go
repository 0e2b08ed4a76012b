package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Sessions is the sessions table: the session store where REDIS_URL is not set. Its contract is
// session.Store's. The record is open: a newer build may add columns with defaults, which this one neither
// reads nor writes. Ended rows stay for a while, so that a restart still knows whom to refuse.
type Sessions struct {
	db    *DB
	grace time.Duration
	keep  time.Duration
	ahead func() time.Duration
}

// MaxSessions is how many sessions one user keeps; a further sign-in ends the least recently seen.
const MaxSessions = 100

// With sets the rules of the store: the grace for racing tabs, how long ended sessions are kept
// (an access token's life), and how far this process's clock was moved ahead (0 outside tests).
func (s Sessions) With(grace, keep time.Duration, ahead func() time.Duration) Sessions {
	s.grace, s.keep, s.ahead = grace, keep, ahead
	return s
}

// sessionRow is a Session as the table has it.
type sessionRow struct {
	ID            string     `db:"id"`
	UserID        string     `db:"user_id"`
	Count         int64      `db:"count"`
	Acknowledged  bool       `db:"acknowledged"`
	RotatedAt     time.Time  `db:"rotated_at"`
	SeenAt        time.Time  `db:"seen_at"`
	StartedAt     time.Time  `db:"started_at"`
	AuthTime      time.Time  `db:"auth_time"`
	IdleMS        int64      `db:"idle_ms"`
	EndsAt        time.Time  `db:"ends_at"`
	EndedAt       *time.Time `db:"ended_at"`
	Remembered    bool       `db:"remembered"`
	AMR           string     `db:"amr"` // words apart by spaces
	Provider      string     `db:"provider"`
	Client        string     `db:"client"`
	IP            string     `db:"ip"`
	Roles         Roles      `db:"roles"`
	Name          string     `db:"name"`
	Email         string     `db:"email"`
	EmailVerified bool       `db:"email_verified"`
	Picture       string     `db:"picture"`
}

const sessionColumns = `id, user_id, count, acknowledged, rotated_at, seen_at, started_at, auth_time, idle_ms, ends_at, ended_at,
	remembered, amr, provider, client, ip, roles, name, email, email_verified, picture`

func (r sessionRow) session() Session {
	return Session{ID: r.ID, UserID: r.UserID, Count: r.Count, Acknowledged: r.Acknowledged, RotatedAt: r.RotatedAt.UTC(),
		SeenAt: r.SeenAt.UTC(), StartedAt: r.StartedAt.UTC(), AuthTime: r.AuthTime.UTC(),
		Idle: time.Duration(r.IdleMS) * time.Millisecond, EndsAt: r.EndsAt.UTC(), Remembered: r.Remembered,
		AMR:      strings.Fields(r.AMR),
		Provider: r.Provider, Client: r.Client, IP: r.IP,
		Claims: Claims{Roles: r.Roles, Name: r.Name, Email: r.Email, EmailVerified: r.EmailVerified, Picture: r.Picture}}
}

func row(s Session) sessionRow {
	return sessionRow{ID: s.ID, UserID: s.UserID, Count: s.Count, Acknowledged: s.Acknowledged,
		RotatedAt: stored(s.RotatedAt),
		SeenAt:    stored(s.SeenAt), StartedAt: stored(s.StartedAt), AuthTime: stored(s.AuthTime), IdleMS: s.Idle.Milliseconds(),
		EndsAt: stored(s.EndsAt), Remembered: s.Remembered, AMR: strings.Join(s.AMR, " "),
		Provider: s.Provider, Client: s.Client, IP: s.IP, Roles: s.Claims.Roles, Name: s.Claims.Name,
		Email: s.Claims.Email, EmailVerified: s.Claims.EmailVerified, Picture: s.Claims.Picture}
}

// Start keeps a new session, timed by the store's clock. Its AuthTime is now unless it has one.
func (s Sessions) Start(ctx context.Context, session Session, life time.Duration) (Session, []Ended, error) {
	var retired []Ended
	err := s.db.Tx(ctx, func(tx *DB) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		session.RotatedAt, session.SeenAt, session.StartedAt, session.EndsAt = now, now, now, now.Add(life)
		if session.AuthTime.IsZero() {
			session.AuthTime = now
		}
		if retired, err = s.makeRoom(ctx, tx, session.UserID, now); err != nil {
			return err
		}
		query := `INSERT INTO sessions (` + sessionColumns + `)
			VALUES (:id, :user_id, :count, :acknowledged, :rotated_at, :seen_at, :started_at, :auth_time, :idle_ms, :ends_at, :ended_at,
				:remembered, :amr, :provider, :client, :ip, :roles, :name, :email, :email_verified, :picture)`
		query, args, err := sqlx.Named(query, row(session))
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, query, args...)
		return err
	})
	if err != nil {
		return Session{}, nil, fmt.Errorf("models: start session: %w", err)
	}
	return session, retired, nil
}

// makeRoom lets go of rows that are over, and ends the least recently seen beyond MaxSessions.
func (s Sessions) makeRoom(ctx context.Context, tx *DB, userID string, now time.Time) ([]Ended, error) {
	query := `DELETE FROM sessions WHERE user_id = ? AND (ends_at <= ? OR ended_at <= ?)`
	if _, err := tx.exec(ctx, query, userID, stored(now), stored(now.Add(-s.keep-skew))); err != nil {
		return nil, err
	}
	var ids []string
	query = `SELECT id FROM sessions WHERE user_id = ? AND ended_at IS NULL ORDER BY seen_at DESC LIMIT 1000 OFFSET ?`
	if err := tx.all(ctx, &ids, query, userID, MaxSessions-1); err != nil || len(ids) == 0 {
		return nil, err
	}
	return s.end(ctx, tx, ids, now)
}

// Sweep lets go of rows of all users that are over for good.
func (s Sessions) Sweep(ctx context.Context) error {
	now, err := s.now(ctx, s.db)
	if err != nil {
		return err
	}
	query := `DELETE FROM sessions WHERE ends_at <= ? OR ended_at <= ?`
	if _, err := s.db.exec(ctx, query, stored(now), stored(now.Add(-s.keep-skew))); err != nil {
		return fmt.Errorf("models: sweep sessions: %w", err)
	}
	return nil
}

// Rotate judges a presented count and writes what follows, in one transaction on the row's lock.
func (s Sessions) Rotate(ctx context.Context, userID, id string, count int64) (Session, Outcome, error) {
	var rotated Session
	outcome := Gone
	err := s.db.Tx(ctx, func(tx *DB) error {
		found, now, err := s.locked(ctx, tx, userID, id)
		if err != nil {
			return err
		}
		rotated = found
		switch outcome = found.Classify(count, now, s.grace); outcome {
		case Rotated:
			rotated.Count, rotated.RotatedAt, rotated.SeenAt, rotated.Acknowledged = count+1, now, now, false
			query := `UPDATE sessions SET count = ?, rotated_at = ?, seen_at = ?, acknowledged = ? WHERE id = ?`
			_, err = tx.exec(ctx, query, rotated.Count, stored(now), stored(now), false, id)
		case Reused:
			_, err = s.end(ctx, tx, []string{id}, now)
		case Gone, Replayed:
		}
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return Session{}, Gone, nil
	}
	if err != nil {
		return Session{}, Gone, fmt.Errorf("models: rotate: %w", err)
	}
	if outcome == Gone {
		return Session{}, Gone, nil
	}
	return rotated, outcome, nil
}

// locked reads a session that has not ended and holds it still; the clock is read after the lock,
// so that waiting for it counts.
func (s Sessions) locked(ctx context.Context, tx *DB, userID, id string) (Session, time.Time, error) {
	var found sessionRow
	query := `SELECT ` + sessionColumns + ` FROM sessions WHERE id = ? AND user_id = ? AND ended_at IS NULL` +
		s.db.forUpdate()
	if err := tx.get(ctx, &found, query, id, userID); err != nil {
		return Session{}, time.Time{}, err
	}
	now, err := s.now(ctx, tx)
	return found.session(), now, err
}

// Acknowledge notes counts whose access token has come back. One that the session has moved past, or
// whose session is over, changes nothing.
func (s Sessions) Acknowledge(ctx context.Context, seen []Acknowledgement) error {
	err := s.db.Tx(ctx, func(tx *DB) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		query := `UPDATE sessions SET acknowledged = ?, seen_at = ? WHERE id = ? AND user_id = ? AND count = ? AND ended_at IS NULL`
		for _, c := range seen {
			if _, err := tx.exec(ctx, query, true, stored(now), c.SessionID, c.UserID, c.Count); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("models: acknowledge: %w", err)
	}
	return nil
}

// Rewrite replaces the claims of a user's sessions; the next rotation of each carries them.
func (s Sessions) Rewrite(ctx context.Context, userID string, claims Claims) error {
	query := `UPDATE sessions SET roles = ?, name = ?, email = ?, email_verified = ?, picture = ?
		WHERE user_id = ? AND ended_at IS NULL`
	_, err := s.db.exec(ctx, query, claims.Roles, claims.Name, claims.Email, claims.EmailVerified,
		claims.Picture, userID)
	if err != nil {
		return fmt.Errorf("models: rewrite sessions: %w", err)
	}
	return nil
}

// Live reports whether a session has neither ended nor run out.
func (s Sessions) Live(ctx context.Context, userID, id string) (bool, error) {
	live, err := s.ByUser(ctx, userID)
	return Among(live, id), err
}

// ByUser lists a user's live sessions, the most recently seen first.
func (s Sessions) ByUser(ctx context.Context, userID string) ([]Session, error) {
	now, err := s.now(ctx, s.db)
	if err != nil {
		return nil, err
	}
	var rows []sessionRow
	query := `SELECT ` + sessionColumns + ` FROM sessions WHERE user_id = ? AND ended_at IS NULL ORDER BY seen_at DESC, id`
	if err := s.db.all(ctx, &rows, query, userID); err != nil {
		return nil, fmt.Errorf("models: list sessions: %w", err)
	}
	var live []Session
	for _, r := range rows {
		if session := r.session(); now.Before(session.LiveUntil()) {
			live = append(live, session)
		}
	}
	return live, nil
}

// End ends one session of a user. One that is over already stays over.
func (s Sessions) End(ctx context.Context, userID, id string) ([]Ended, error) {
	return s.endWhere(ctx, `user_id = ? AND id = ?`, userID, id)
}

// EndUser ends all sessions of a user that started by a time (zero: all), but for one that may be kept (""),
// in one step.
func (s Sessions) EndUser(ctx context.Context, userID, except string, before time.Time) ([]Ended, error) {
	if before.IsZero() {
		return s.endWhere(ctx, `user_id = ? AND id <> ?`, userID, except)
	}
	return s.endWhere(ctx, `user_id = ? AND id <> ? AND started_at <= ?`, userID, except, stored(before))
}

func (s Sessions) endWhere(ctx context.Context, where string, args ...any) ([]Ended, error) {
	var ended []Ended
	err := s.db.Tx(ctx, func(tx *DB) error {
		var ids []string
		query := `SELECT id FROM sessions WHERE ` + where + ` AND ended_at IS NULL` + s.db.forUpdate()
		if err := tx.all(ctx, &ids, query, args...); err != nil || len(ids) == 0 {
			return err
		}
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		ended, err = s.end(ctx, tx, ids, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("models: end sessions: %w", err)
	}
	return ended, nil
}

func (s Sessions) end(ctx context.Context, tx *DB, ids []string, now time.Time) ([]Ended, error) {
	query, args, err := sqlx.In(`UPDATE sessions SET ended_at = ? WHERE id IN (?)`, stored(now), ids)
	if err != nil {
		return nil, err
	}
	if _, err := tx.exec(ctx, query, args...); err != nil {
		return nil, err
	}
	ended := make([]Ended, len(ids))
	for i, id := range ids {
		ended[i] = Ended{SessionID: id, At: now}
	}
	return ended, nil
}
