package account

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/app/session"
	"gatehouse/models"
)

// Entered is a session that has begun.
type Entered struct {
	session.Pair
	User models.User
}

// proven is what a proof shows: who it is, and how they came.
type proven struct {
	user     models.User
	amr      []string
	provider string
	remember bool
	event    string // what happened
}

// Proof shows who somebody is: Password, CodeAndPassword, SignUpCode, Identity.
type Proof interface {
	prove(ctx context.Context, a *Accounts, caller Caller) (proven, error)
}

// SignIn is the one door in: whatever shows who somebody is ends here in a new session under a new id (session
// fixation), the former one of this browser over. ErrCredentials, ErrDisabled, ErrBusy; CodeNeeded where a mailed
// code is asked beside the password; FieldErrors; and those of the proof.
func (a *Accounts) SignIn(ctx context.Context, caller Caller, proof Proof) (Entered, error) {
	shown, err := proof.prove(ctx, a, caller)
	if err != nil {
		return Entered{}, err
	}
	return a.enter(ctx, caller, shown)
}

// enter begins the session of a person who has shown who they are. What waits to be ended of theirs ends first, so
// that it cannot take the session that begins now.
func (a *Accounts) enter(ctx context.Context, caller Caller, shown proven) (Entered, error) {
	user := shown.user
	if user.DisabledAt != nil {
		return Entered{}, ErrDisabled
	}
	if err := a.CarryOut(ctx, user.ID); err != nil {
		return Entered{}, err
	}
	pair, err := a.sessions.Start(ctx, user, session.Arrival{Remember: shown.remember, AMR: shown.amr,
		Provider: shown.provider, Client: caller.Client, IP: caller.ip()})
	if err != nil {
		return Entered{}, err
	}
	if err := a.unchanged(ctx, user, pair.Session.ID); err != nil {
		return Entered{}, err
	}
	if before := caller.Session; before.SessionID != "" {
		if err := a.sessions.End(ctx, before.UserID, before.SessionID); err != nil {
			return Entered{}, err
		}
	}
	a.record(ctx, caller, models.Event{UserID: user.ID, SessionID: pair.Session.ID, Kind: shown.event,
		Detail: shown.provider})
	return Entered{Pair: pair, User: user}, nil
}

var errNoLonger = fmt.Errorf("%w: what opened it was changed meanwhile", session.ErrEnded)

// unchanged reads the person again, now that the session is there: a reset, a disabling or a deletion has ended the
// sessions that it saw, and this one was on its way. A sign-in that began before the credentials changed does not
// enter (errNoLonger, a session.ErrEnded).
func (a *Accounts) unchanged(ctx context.Context, shown models.User, sessionID string) error {
	user, err := a.db.Users.ByID(ctx, shown.ID)
	if err == nil && user.CredentialsAt.Equal(shown.CredentialsAt) && user.DisabledAt == nil {
		if user.Claims().Equal(shown.Claims()) {
			return nil
		}
		return a.sessions.Rewrite(ctx, user.ID, user.Claims())
	}
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if err := a.sessions.End(ctx, shown.ID, sessionID); err != nil {
		return err
	}
	return errNoLonger
}

// Reauthenticate takes a proof of someone who is signed in already (step-up): a new session in place of theirs,
// whose time of authentication is now, and that is kept as long as they chose at first. ErrCredentials, ErrBusy,
// ErrAnotherIdentity, limit.Exceeded.
func (a *Accounts) Reauthenticate(ctx context.Context, caller Caller, proof Proof) (Entered, error) {
	shown, err := proof.prove(ctx, a, caller)
	if err != nil {
		return Entered{}, err
	}
	if shown.user.ID != caller.Session.UserID {
		return Entered{}, ErrAnotherIdentity
	}
	now, err := a.thisSession(ctx, caller)
	if err != nil {
		return Entered{}, err
	}
	shown.remember, shown.event = now.Remembered, models.EventReauthenticated
	return a.enter(ctx, caller, shown)
}

// thisSession is the record of the session that the caller speaks in.
func (a *Accounts) thisSession(ctx context.Context, caller Caller) (models.Session, error) {
	live, err := a.sessions.List(ctx, caller.Session.UserID)
	if err != nil {
		return models.Session{}, err
	}
	for _, one := range live {
		if one.ID == caller.Session.SessionID {
			return one, nil
		}
	}
	return models.Session{}, session.ErrUnavailable
}

func isNotFound(err error) bool { return errors.Is(err, models.ErrNotFound) }
