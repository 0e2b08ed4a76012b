package pages

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/handlers/web"
	"gatehouse/views"
)

// recentEvents is how many events the dashboard shows.
const recentEvents = 10

// Dashboard shows who somebody is, where they are signed in, and what happened lately.
func (p *Pages) Dashboard(c *fiber.Ctx) error {
	user, events, err := p.Accounts.Activity(c.UserContext(), p.Caller(c), recentEvents)
	if err != nil {
		return err
	}
	list, err := p.sessionList(c)
	if err != nil {
		return err
	}
	d := views.Dashboard{User: user, Session: own(list), Sessions: list, Events: events, Providers: p.providers(),
		Now: p.Now()}
	return p.Render(c, fiber.StatusOK, views.DashboardPage(p.UserPage(c, web.Say(c, "dashboard.title"), user), d))
}
