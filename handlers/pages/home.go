package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// Home greets whoever is signed in by name, while the database says it.
func (p *Pages) Home(c *fiber.Ctx) error {
	page := p.Page(c, "")
	if _, signedIn := web.Current(c); signedIn {
		user, err := p.Accounts.Me(c.UserContext(), p.Caller(c))
		if errors.Is(err, session.ErrEnded) {
			return err
		}
		if err == nil {
			page = p.UserPage(c, "", user)
		}
	}
	return p.Render(c, fiber.StatusOK, views.HomePage(page, views.Home{Providers: p.providers()}))
}
