package pages

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/handlers/web"
	"gatehouse/models"
)

// SignOut ends this session, everywhere, and has the browser forget what it keeps of us.
func (p *Pages) SignOut(c *fiber.Ctx) error {
	if access, signedIn := web.Current(c); signedIn {
		if err := p.Sessions.End(c.UserContext(), access.UserID, access.SessionID); err != nil {
			return err
		}
		p.Record(c, models.Event{UserID: access.UserID, SessionID: access.SessionID, Kind: models.EventSignedOut})
	}
	p.ClearTokens(c)
	c.Set("Clear-Site-Data", `"cache", "storage"`)
	return web.Redirect(c, "/sign-in?notice=signed-out")
}
