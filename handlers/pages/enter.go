package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/handlers/web"
	"gatehouse/models"
)

// enter is where every way in ends: a new session under a new id, the old one of this browser over.
func (p *Pages) enter(c *fiber.Ctx, user models.User, how session.Arrival, kind, to string) error {
	how.Client, how.IP = web.ClientName(c), p.ClientIP(c).String()
	pair, err := p.Sessions.Start(c.UserContext(), user, how)
	if err != nil {
		return err
	}
	if err := p.stillWelcome(c, user, pair.Session.ID); err != nil {
		return err
	}
	if before, signedIn := web.Current(c); signedIn {
		if err := p.Sessions.End(c.UserContext(), before.UserID, before.SessionID); err != nil {
			return err
		}
	}
	if user.Email != "" {
		if err := p.RememberDevice(c, user.Email); err != nil {
			return err
		}
	}
	p.SetTokens(c, pair)
	p.Record(c, models.Event{UserID: user.ID, SessionID: pair.Session.ID, Kind: kind, Detail: how.Provider})
	return web.Redirect(c, web.Next(to))
}

// stillWelcome reads the person again, now that the session is there: a reset, a disabling or a deletion
// has ended the sessions that it saw, and this one was on its way.
func (p *Pages) stillWelcome(c *fiber.Ctx, proven models.User, session string) error {
	user, err := p.DB.Users.ByID(c.UserContext(), proven.ID)
	if err == nil && user.PasswordHash == proven.PasswordHash && user.DisabledAt == nil {
		if user.Claims().Equal(proven.Claims()) {
			return nil
		}
		return p.Sessions.Rewrite(c.UserContext(), user.ID, user.Claims())
	}
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if err := p.Sessions.End(c.UserContext(), proven.ID, session); err != nil {
		return err
	}
	return web.ErrNoLonger
}

// reclaim has a person's sessions claim what was just changed of them. The change itself is kept: where the store
// does not answer, their tokens say the old until they change something again or sign in.
func (p *Pages) reclaim(c *fiber.Ctx, user models.User) {
	if err := p.Sessions.Rewrite(c.UserContext(), user.ID, user.Claims()); err != nil {
		p.Log.WarnContext(c.UserContext(), "could not rewrite what sessions claim", "user", user.ID, "err", err)
	}
}
