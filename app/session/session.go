// Package session is the session engine: it starts, resumes, refreshes and ends sessions, and tells
// every process at once when one is over.
package session

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"gatehouse/app/token"
	"gatehouse/models"
)

var (
	// ErrNone says there is no live access token: absent, expired or not ours. A refresh may help.
	ErrNone = errors.New("session: no live access token")
	// ErrEnded says the session is over, for whatever reason. Only signing in helps.
	ErrEnded = errors.New("session: ended")
	// ErrForged is an ErrEnded: the refresh token is not one that we signed.
	ErrForged = fmt.Errorf("%w: a refresh token that is not ours", ErrEnded)
	// ErrReused is an ErrEnded: a refresh token that was given up came back, so two hold it.
	ErrReused = fmt.Errorf("%w: a refresh token was used twice", ErrEnded)
	// ErrUnavailable says the store did not answer. It says nothing about the session.
	ErrUnavailable = errors.New("session: store unavailable")
)

// Settings are the rules of the house.
type Settings struct {
	AccessTTL time.Duration // life of an access token, less up to 5 %
	Idle      time.Duration // idle end with "Keep me signed in"
	Max       time.Duration // absolute end with "Keep me signed in"

	Claims     []string // which of name, email, email_verified and picture an access token carries
	PictureURL string   // the address of a picture, up to its hash
}

// Without "Keep me signed in" a session is over sooner, whatever the settings allow.
const (
	briefIdle = 12 * time.Hour
	briefMax  = 24 * time.Hour
)

// answerWithin is what a store that hangs costs a request at most, however often it asks (Bounded).
const answerWithin = 1500 * time.Millisecond

// Engine is the session engine of one process.
type Engine struct {
	store    Store
	keys     *token.Keys
	settings Settings
	now      func() time.Time
	log      *slog.Logger

	ended            *endedSet
	feed             feed
	verified         *generations[token.Access]
	acknowledgements *acknowledgements
	observe          Observer
}

// Observer is told what happens, for figures.
type Observer struct {
	Refreshed func(outcome string)
	Started   func()
	Ended     func(count int)
	Stored    func(ctx context.Context, operation string, took time.Duration, failed bool)
}

// Unobserved is an Observer that nobody listens to.
func Unobserved() Observer {
	return Observer{Refreshed: func(string) {}, Started: func() {}, Ended: func(int) {},
		Stored: func(context.Context, string, time.Duration, bool) {}}
}

// New makes an engine. Open it before the first request, and Run it until the last.
func New(store Store, keys *token.Keys, settings Settings, observe Observer, now func() time.Time,
	log *slog.Logger) *Engine {
	return &Engine{
		store: store, keys: keys, settings: settings, now: now, log: log, observe: observe,
		ended:            newEndedSet(settings.AccessTTL+feedMargin, now),
		verified:         newGenerations[token.Access](20_000),
		acknowledgements: newAcknowledgements(),
	}
}

// Arrival is how a person came in. What a session claims of them is the user's row.
type Arrival struct {
	Remember bool
	AMR      []string  // RFC 8176
	AuthTime time.Time // when they proved who they are; the start of the session, unless it is set
	Provider string
	Client   string
	IP       string
}

// Pair is what a browser is given: the two tokens, and the session they belong to.
type Pair struct {
	Access  string
	Refresh string
	Current token.Access
	Session models.Session
}

// Start begins a new session under a fresh random id (128 bits), whatever the browser had before: an id that
// somebody else has planted there never becomes a session (session fixation).
func (e *Engine) Start(ctx context.Context, user models.User, arrival Arrival) (Pair, error) {
	idle, life := e.settings.Idle, e.settings.Max
	if !arrival.Remember {
		idle, life = min(idle, briefIdle), min(life, briefMax)
	}
	started := models.Session{ID: newID(), UserID: user.ID, Count: 1, Idle: idle, Remembered: arrival.Remember,
		AMR: arrival.AMR, AuthTime: arrival.AuthTime, Provider: arrival.Provider, Client: arrival.Client, IP: arrival.IP,
		Claims: user.Claims()}
	var retired []models.Ended
	err := e.ask(ctx, "start", func(ctx context.Context) (err error) {
		started, retired, err = e.store.Start(ctx, started, life)
		return err
	})
	if err != nil {
		return Pair{}, err
	}
	e.markEnded(retired)
	e.observe.Started()
	return e.pair(started)
}

// Refresh rotates a refresh token: it is traded for its successor. One that was rotated a moment ago, or whose
// successor nobody acknowledged, is replayed and gets the same successor; any older one is reuse, and ends the
// session (reuse detection). ErrForged when it is not ours, ErrEnded when its
// session is over, ErrReused when this rotation ended it (both with the session in the pair, as far as it
// is known), ErrUnavailable when the store did not answer.
func (e *Engine) Refresh(ctx context.Context, refresh string) (Pair, error) {
	presented, err := e.keys.OpenRefresh(refresh)
	if err != nil {
		e.observe.Refreshed("forged")
		return Pair{}, ErrForged
	}
	over := Pair{Session: models.Session{ID: presented.SessionID, UserID: presented.UserID}}
	if e.ended.has(presented.SessionID) {
		e.observe.Refreshed("ended")
		return over, ErrEnded
	}
	var session models.Session
	var outcome models.Outcome
	err = e.ask(ctx, "rotate", func(ctx context.Context) (err error) {
		session, outcome, err = e.store.Rotate(ctx, presented.UserID, presented.SessionID, presented.Count)
		return err
	})
	if err != nil {
		e.observe.Refreshed("unavailable")
		return Pair{}, err
	}
	switch outcome {
	case models.Rotated:
		e.observe.Refreshed("rotated")
		return e.pair(session)
	case models.Replayed:
		e.observe.Refreshed("replayed")
		return e.pair(session)
	case models.Reused:
		e.observe.Refreshed("reused")
		e.markEnded([]models.Ended{{SessionID: session.ID}})
		return Pair{Session: session}, ErrReused
	case models.Gone:
	}
	e.observe.Refreshed("ended")
	return over, ErrEnded
}

// End ends one session of a user, everywhere.
func (e *Engine) End(ctx context.Context, userID, id string) error {
	return e.ask(ctx, "end", func(ctx context.Context) error {
		ended, err := e.store.End(ctx, userID, id)
		e.markEnded(ended)
		return err
	})
}

// EndUser ends all sessions of a user, everywhere, but for one that may be kept (""). It says how
// many.
func (e *Engine) EndUser(ctx context.Context, userID, except string) (int, error) {
	return e.EndUserBefore(ctx, userID, except, time.Time{})
}

// EndUserBefore is EndUser of the sessions that started by a time: an ending that comes late leaves those
// that began after what it is for.
func (e *Engine) EndUserBefore(ctx context.Context, userID, except string, before time.Time) (int, error) {
	count := 0
	err := e.ask(ctx, "end user", func(ctx context.Context) error {
		ended, err := e.store.EndUser(ctx, userID, except, before)
		e.markEnded(ended)
		count = len(ended)
		return err
	})
	return count, err
}

// Rewrite changes what a person's sessions claim, for whatever changes it: the next rotation of each carries it.
func (e *Engine) Rewrite(ctx context.Context, userID string, claims models.Claims) error {
	return e.ask(ctx, "rewrite", func(ctx context.Context) error { return e.store.Rewrite(ctx, userID, claims) })
}

// List is a user's live sessions, the most recently seen first.
func (e *Engine) List(ctx context.Context, userID string) ([]models.Session, error) {
	var live []models.Session
	err := e.ask(ctx, "list", func(ctx context.Context) (err error) {
		live, err = e.store.ByUser(ctx, userID)
		return err
	})
	return live, err
}

// pair signs the tokens of a session as it stands. An access token never outlives its session.
func (e *Engine) pair(session models.Session) (Pair, error) {
	life := min(e.settings.AccessTTL, session.EndsAt.Sub(e.now()))
	current := e.says(session)
	access, expires, err := e.keys.SignAccess(current, life)
	if err != nil {
		return Pair{}, err
	}
	refresh, err := e.keys.SignRefresh(token.Refresh{UserID: session.UserID, SessionID: session.ID, Count: session.Count})
	if err != nil {
		return Pair{}, fmt.Errorf("session: sign refresh token: %w", err)
	}
	current.IssuedAt, current.ExpiresAt = e.now(), expires
	return Pair{Access: access, Refresh: refresh, Current: current, Session: session}, nil
}

// says is what an access token of a session says, of the claims those that the settings name.
func (e *Engine) says(session models.Session) token.Access {
	kept := session.Claims
	says := token.Access{UserID: session.UserID, SessionID: session.ID, Count: session.Count,
		AuthTime: session.AuthTime, AMR: session.AMR, Roles: kept.Roles}
	for _, claim := range e.settings.Claims {
		switch claim {
		case "name":
			says.Name = kept.Name
		case "email":
			says.Email = kept.Email
		case "email_verified":
			says.EmailVerified = kept.EmailVerified
		case "picture":
			if kept.Picture != "" {
				says.Picture = e.settings.PictureURL + kept.Picture
			}
		}
	}
	return says
}

func (e *Engine) markEnded(ended []models.Ended) {
	for _, session := range ended {
		e.ended.add(session.SessionID)
	}
	e.observe.Ended(len(ended))
}

type waitedKey struct{}

// Bounded is the context of one request: however many questions it leads to, together they wait for
// the store no longer than one of them may.
func Bounded(ctx context.Context) context.Context {
	return context.WithValue(ctx, waitedKey{}, new(atomic.Int64))
}

// ask calls the store within answerWithin. Whatever it fails with is ErrUnavailable: it says nothing
// about a session.
func (e *Engine) ask(ctx context.Context, operation string, question func(ctx context.Context) error) error {
	waited, bounded := ctx.Value(waitedKey{}).(*atomic.Int64)
	if !bounded {
		waited = new(atomic.Int64)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin-time.Duration(waited.Load()))
	defer cancel()
	began := time.Now()
	err := question(ctx)
	took := time.Since(began)
	waited.Add(int64(took))
	e.observe.Stored(ctx, operation, took, err != nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}
