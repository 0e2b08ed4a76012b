package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// EndSessions ends one session of this person, or all but this one. Ending this one is signing out; ending
// another asks for a recent sign-in, so that a thief's session cannot put out the owner's (step-up).
func (p *Pages) EndSessions(c *fiber.Ctx) error {
	access, _ := web.Current(c)
	id, others := c.FormValue("session"), c.FormValue("action") == "end-others"
	if id == access.SessionID && !others {
		return p.SignOut(c)
	}
	if !p.fresh(c) {
		return p.askAgain(c, "/profile#sessions-section")
	}
	var err error
	if others {
		err = p.Accounts.EndOtherSessions(c.UserContext(), p.Caller(c))
	} else {
		err = p.Accounts.EndSession(c.UserContext(), p.Caller(c), id)
	}
	if err != nil {
		return err
	}
	list, err := p.sessionList(c)
	if err != nil {
		return err
	}
	list.Notice = web.Notice(c, "sessions")
	return p.saved(c, "sessions", views.Sessions(list))
}

// sessionList is where a person is signed in. While the store is down the page is there without it.
func (p *Pages) sessionList(c *fiber.Ctx) (views.SessionList, error) {
	access, _ := web.Current(c)
	list := views.SessionList{Current: access.SessionID, Now: p.Now()}
	live, err := p.Accounts.Sessions(c.UserContext(), p.Caller(c))
	if errors.Is(err, session.ErrUnavailable) {
		list.Down = true
		return list, nil
	}
	list.Sessions = live
	return list, err
}

// own is the current session of a list, where it is the first.
func own(list views.SessionList) models.Session {
	if len(list.Sessions) == 0 || list.Sessions[0].ID != list.Current {
		return models.Session{}
	}
	return list.Sessions[0]
}
