package pages

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// browserRule is of the forms of a browser that has signed in to the account before.
var browserRule = web.Rule{Name: "browser", Rate: 60, Per: time.Minute, Burst: 60, Local: true}

// PerBrowserForm is PerClientForm, but a browser that has signed in to the account before counts by itself:
// those behind one address must not be kept out by a guesser among them.
func (p *Pages) PerBrowserForm(rule web.Rule, again func(c *fiber.Ctx, sentence string) views.Form) web.Guard {
	limited := p.PerClientForm(rule, again)
	return web.Guard{Rates: limited.Rates, Handle: func(c *fiber.Ctx) error {
		if address, err := account.Canonical(c.FormValue("email")); err == nil {
			device := p.Caller(c).Device
			if device.Knows(address) && p.Limits.Take(c.UserContext(), browserRule, device.ID+address) == 0 {
				return c.Next()
			}
		}
		return limited.Handle(c)
	}}
}
