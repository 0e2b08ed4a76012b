package pages

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/handlers/web"
	"gatehouse/views"
)

// recentEvents is how many events the dashboard shows.
const recentEvents = 10

func (p *Pages) Dashboard(c *fiber.Ctx) error {
	access, _ := web.Current(c)
	user, events, err := p.DB.Events.WithUser(c.UserContext(), access.UserID, recentEvents)
	if user, err = p.admitted(c, user, err); err != nil {
		return err
	}
	list, err := p.sessionList(c)
	if err != nil {
		return err
	}
	d := views.Dashboard{User: user, Sessions: list, Events: events, Providers: p.providers(), Now: p.Now()}
	d.Session, _ = own(list)
	return web.Render(c, fiber.StatusOK, views.DashboardPage(p.UserPage(c, "Dashboard", user), d))
}
