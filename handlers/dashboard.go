package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/models"
	"gatehouse/views"
)

// recentEvents is how many events the dashboard shows.
const recentEvents = 10

func (h *Handlers) dashboard(c *fiber.Ctx) error {
	access, _ := current(c)
	user, events, err := h.DB.Events.WithUser(c.UserContext(), access.UserID, recentEvents)
	if user, err = h.admitted(c, user, err); err != nil {
		return err
	}
	list, err := h.sessionList(c)
	if err != nil {
		return err
	}
	d := views.Dashboard{User: user, Sessions: list, Events: events, Providers: h.providers(), Now: h.Now()}
	d.Session, _ = own(list)
	return render(c, fiber.StatusOK, views.DashboardPage(h.userPage(c, "Dashboard", user), d))
}

// me reads the row of whoever is asking.
func (h *Handlers) me(c *fiber.Ctx) (models.User, error) {
	access, signedIn := current(c)
	if !signedIn {
		return models.User{}, session.ErrNone
	}
	user, err := h.DB.Users.ByID(c.UserContext(), access.UserID)
	return h.admitted(c, user, err)
}

// admitted judges the row of whoever is asking: one that is gone or disabled has no session any more.
func (h *Handlers) admitted(c *fiber.Ctx, user models.User, err error) (models.User, error) {
	if errors.Is(err, models.ErrNotFound) || err == nil && user.DisabledAt != nil {
		access, _ := current(c)
		if _, err := h.Sessions.EndUser(c.UserContext(), access.UserID, ""); err != nil {
			return models.User{}, err
		}
		h.clearTokens(c)
		return models.User{}, session.ErrEnded
	}
	return user, err
}

// sessionList is where a person is signed in. While the store is down the page is there without it.
func (h *Handlers) sessionList(c *fiber.Ctx) (views.SessionList, error) {
	access, _ := current(c)
	list := views.SessionList{Current: access.SessionID, Now: h.Now()}
	live, err := h.Sessions.List(c.UserContext(), access.UserID)
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
func (h *Handlers) thisSession(c *fiber.Ctx) (models.Session, error) {
	list, err := h.sessionList(c)
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
