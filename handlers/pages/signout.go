package pages

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/handlers/web"
)

// SignOut ends this session, here at once and on every process as soon as anyone answers. It always works: whoever
// presses it is signed out.
func (p *Pages) SignOut(c *fiber.Ctx) error {
	p.Accounts.SignOut(c.UserContext(), p.Caller(c), c.Cookies(p.CookieName(web.AccessCookie)),
		c.Cookies(p.CookieName(web.RefreshCookie)))
	p.ClearTokens(c)
	return p.Redirect(c, "/sign-in?notice=signed-out")
}
