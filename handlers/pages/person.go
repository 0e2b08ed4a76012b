package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// me reads the row of whoever is asking.
func (p *Pages) me(c *fiber.Ctx) (models.User, error) {
	access, signedIn := web.Current(c)
	if !signedIn {
		return models.User{}, session.ErrNone
	}
	user, err := p.DB.Users.ByID(c.UserContext(), access.UserID)
	return p.admitted(c, user, err)
}

// admitted judges the row of whoever is asking: one that is gone or disabled has no session any more.
func (p *Pages) admitted(c *fiber.Ctx, user models.User, err error) (models.User, error) {
	if errors.Is(err, models.ErrNotFound) || err == nil && user.DisabledAt != nil {
		access, _ := web.Current(c)
		if _, err := p.Sessions.EndUser(c.UserContext(), access.UserID, ""); err != nil {
			return models.User{}, err
		}
		p.ClearTokens(c)
		return models.User{}, session.ErrEnded
	}
	return user, err
}

// sessionList is where a person is signed in. While the store is down the page is there without it.
func (p *Pages) sessionList(c *fiber.Ctx) (views.SessionList, error) {
	access, _ := web.Current(c)
	list := views.SessionList{Current: access.SessionID, Now: p.Now()}
	live, err := p.Sessions.List(c.UserContext(), access.UserID)
	if errors.Is(err, session.ErrUnavailable) {
		list.Down = true
		return list, nil
	}
	for _, s := range live {
		if s.ID == list.Current { // this one first
			list.Sessions = append([]models.Session{s}, list.Sessions...)
		} else {
			list.Sessions = append(list.Sessions, s)
		}
	}
	return list, err
}

// thisSession is the record of the session that asks.
func (p *Pages) thisSession(c *fiber.Ctx) (models.Session, error) {
	list, err := p.sessionList(c)
	if err != nil {
		return models.Session{}, err
	}
	this, listed := own(list)
	if !listed {
		return models.Session{}, session.ErrUnavailable
	}
	return this, nil
}

// own is the current session of a list, where it is the first.
func own(list views.SessionList) (models.Session, bool) {
	if len(list.Sessions) == 0 || list.Sessions[0].ID != list.Current {
		return models.Session{}, false
	}
	return list.Sessions[0], true
}
