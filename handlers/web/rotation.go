package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/models"
)

// Rotate trades the refresh token and hands the browser its next pair.
func (s *Site) Rotate(c *fiber.Ctx) (token.Access, error) {
	pair, err := s.Sessions.Refresh(c.UserContext(), c.Cookies(s.CookieName(RefreshCookie)))
	switch {
	case errors.Is(err, session.ErrReused):
		s.reused(c, pair.Session)
	case errors.Is(err, session.ErrForged):
		s.refused(c, pair.Session, "forged")
	case errors.Is(err, session.ErrEnded):
		s.refused(c, pair.Session, "ended")
	}
	if err != nil {
		return token.Access{}, err
	}
	s.SetTokens(c, pair)
	return pair.Current, nil
}

// reused is told when a refresh token that was given up came back: two browsers hold one session,
// and it has just ended. The owner hears of it.
func (s *Site) reused(c *fiber.Ctx, ended models.Session) {
	s.Log.WarnContext(c.UserContext(), "refresh token reused", "user", ended.UserID, "session", ended.ID)
	s.Record(c, models.Event{UserID: ended.UserID, SessionID: ended.ID, Kind: models.EventReuse, Detail: ended.Client})
	if err := s.Accounts.TellReuse(c.UserContext(), ended.UserID, ended.Client); err != nil {
		s.Log.WarnContext(c.UserContext(), "could not tell the owner of a reuse", "user", ended.UserID, "err", err)
	}
}

// refused is told when a refresh token got nothing. The log has a few of a client in a minute and the
// figures count all; the table has one an hour for a session, so that nobody can fill either with a cookie
// of theirs.
func (s *Site) refused(c *fiber.Ctx, over models.Session, why string) {
	event := models.Event{UserID: over.UserID, SessionID: over.ID, Kind: models.EventRefreshRefused, Detail: why}
	if s.Limits.TryClient(c.UserContext(), LoggedRule, s.ClientIP(c)) == nil {
		s.say(c, &event)
	}
	if over.UserID == "" || s.Limits.Take(c.UserContext(), refusedRule, over.ID) > 0 {
		return
	}
	s.attribute(c, &event)
	s.keep(c, event)
}
