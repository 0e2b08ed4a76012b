package account

import (
	"context"
	"slices"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// Sessions are where a person is signed in, this session first. session.ErrUnavailable.
func (a *Accounts) Sessions(ctx context.Context, caller Caller) ([]models.Session, error) {
	live, err := a.sessions.List(ctx, caller.Session.UserID)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(live, func(x, y models.Session) int {
		switch caller.Session.SessionID {
		case x.ID:
			return -1
		case y.ID:
			return 1
		}
		return 0
	})
	return live, nil
}

// SignOut ends the session that a browser carries tokens of, on every process. It always works: where the session
// store does not answer, the outbox ends the session when it does; where the database is down, too, it is tried
// from this process's memory.
func (a *Accounts) SignOut(ctx context.Context, caller Caller, access, refresh string) {
	userID, sessionID, err := a.sessions.Names(access, refresh)
	if err != nil || a.sessions.Over(sessionID) {
		return // nothing that could be ended, or pressed again: an ended session is announced once
	}
	event := models.Event{UserID: userID, SessionID: sessionID, Kind: models.EventSignedOut}
	if err := a.sessions.End(ctx, userID, sessionID); err == nil {
		a.record(ctx, caller, event)
		return
	}
	err = a.change(ctx, caller, func(u *unit) error {
		if err := u.end(ctx, Ending{UserID: userID, SessionID: sessionID}); err != nil {
			return err
		}
		return u.record(ctx, event)
	})
	if err != nil {
		a.log.WarnContext(ctx, "neither store nor database answers: a sign-out is kept in memory", "session", sessionID,
			"err", err)
		a.outbox.EndLater(userID, sessionID)
	}
}

// EndSession ends another session of this person. An id alone proves nothing, and the store would spread any text
// as the id of an ended session: one that is not in their own list was ended by an earlier press.
func (a *Accounts) EndSession(ctx context.Context, caller Caller, id string) error {
	live, err := a.sessions.List(ctx, caller.Session.UserID)
	if err != nil || !models.Among(live, id) {
		return err
	}
	if err := a.sessions.End(ctx, caller.Session.UserID, id); err != nil {
		return err
	}
	a.record(ctx, caller, caller.own(models.EventSessionEnded, ""))
	return nil
}

// EndOtherSessions ends every session of this person but the one they speak in.
func (a *Accounts) EndOtherSessions(ctx context.Context, caller Caller) error {
	if _, err := a.sessions.EndUser(ctx, caller.Session.UserID, caller.Session.SessionID); err != nil {
		return err
	}
	a.record(ctx, caller, caller.own(models.EventSessionsEnded, ""))
	return nil
}

// ReusedRefresh is told when a refresh token that was given up came back (reuse detection): two browsers hold one
// session, and it has just ended. Its owner hears of it by mail.
func (a *Accounts) ReusedRefresh(ctx context.Context, caller Caller, ended models.Session) {
	a.log.WarnContext(ctx, "refresh token reused", "user", ended.UserID, "session", ended.ID)
	err := a.change(ctx, caller, func(u *unit) error {
		user, err := u.Users.ByID(ctx, ended.UserID)
		if isNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := a.tell(ctx, u.DB, user, mail.SessionReused, mail.Args{Client: ended.Client}); err != nil {
			return err
		}
		return u.record(ctx, models.Event{UserID: ended.UserID, SessionID: ended.ID, Kind: models.EventReuse,
			Detail: ended.Client})
	})
	if err != nil {
		a.log.WarnContext(ctx, "could not tell the owner of a reuse", "user", ended.UserID, "err", err)
	}
}
