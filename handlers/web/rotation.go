package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/app/token"
)

// Rotate trades the refresh token for its successor and hands the browser its next pair (rotation). A token that was
// given up and came back is caught by the engine (reuse detection); its owner hears of it.
func (s *Site) Rotate(c *fiber.Ctx) (token.Access, error) {
	pair, err := s.Sessions.Refresh(c.UserContext(), c.Cookies(s.CookieName(RefreshCookie)))
	switch {
	case errors.Is(err, session.ErrReused):
		s.Accounts.ReusedRefresh(c.UserContext(), s.Caller(c), pair.Session)
	case errors.Is(err, session.ErrForged):
		s.Accounts.RefusedRefresh(c.UserContext(), s.Caller(c), pair.Session, "forged")
	case errors.Is(err, session.ErrEnded):
		s.Accounts.RefusedRefresh(c.UserContext(), s.Caller(c), pair.Session, "ended")
	}
	if err != nil {
		return token.Access{}, err
	}
	s.SetTokens(c, pair)
	return pair.Current, nil
}
