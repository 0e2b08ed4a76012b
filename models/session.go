package models

import (
	"slices"
	"time"
)

// Session is one signed-in browser, as the store keeps it. It holds no secret: tokens are signed
// from ID and Count, never looked up.
type Session struct {
	ID           string
	UserID       string
	Count        int64     // of rotations so far; orders the refresh tokens
	Acknowledged bool      // an access token of this Count has come back: its answer arrived
	RotatedAt    time.Time // when Count was reached
	SeenAt       time.Time
	StartedAt    time.Time
	AuthTime     time.Time     // when the person last proved who they are
	Idle         time.Duration // ends when this long without a rotation
	EndsAt       time.Time     // ends then in any case; never moves
	Remembered   bool          // "Keep me signed in"
	AMR          []string      // how the person proved who they are (RFC 8176): pwd, or fed for a provider
	Provider     string        // the provider's name, "" for a password
	Client       string        // browser and system in words: "Firefox on Android"
	IP           string        // address at sign-in
	Claims       Claims        // what its access tokens say of the person
}

// LiveUntil is the earlier of the idle and the absolute end.
func (s Session) LiveUntil() time.Time {
	if idle := s.RotatedAt.Add(s.Idle); idle.Before(s.EndsAt) {
		return idle
	}
	return s.EndsAt
}

// Among reports whether the session with this id is one of those.
func Among(sessions []Session, id string) bool {
	return slices.ContainsFunc(sessions, func(s Session) bool { return s.ID == id })
}

// Outcome is what a store answers to a presented count.
type Outcome int

// The answers of one rotation. The numbers are shared with the Redis script.
const (
	Gone     Outcome = iota // absent, ended or expired: never an alarm
	Rotated                 // the count moved by one
	Replayed                // idempotent: a race or a lost answer gets the current count again, nothing is written
	Reused                  // a count given up long ago came back: the session is ended
)

// LostAnswer is how long an unacknowledged rotation may be asked for again.
const LostAnswer = 24 * time.Hour

// Classify tells rotation, replay and reuse of a refresh token apart (reuse detection: RFC 9700, 4.14.2) by the record
// as it stands; the caller holds it still meanwhile. A count above the record's carries our MAC all the same, so the store has lost writes (a
// failover): it is honoured as current.
func (s Session) Classify(count int64, now time.Time, grace time.Duration) Outcome {
	since := now.Sub(s.RotatedAt)
	switch {
	case !now.Before(s.LiveUntil()):
		return Gone
	case count >= s.Count:
		return Rotated
	case count == s.Count-1 && (since <= grace || !s.Acknowledged && since < LostAnswer):
		return Replayed
	}
	return Reused
}

// Acknowledgement says that an access token of this count has been seen.
type Acknowledgement struct {
	UserID, SessionID string
	Count             int64
}

// Ended names a session that is over.
type Ended struct {
	SessionID string
	At        time.Time
}
