package pages

import (
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/oauth"
)

// ConfiguredProvider answers 404 for a provider that is none, or has no registration here.
func (p *Pages) ConfiguredProvider(c *fiber.Ctx) error {
	asked := c.Params("provider", "apple") // the one route without the parameter is Apple's
	if !slices.ContainsFunc(p.Providers.Names(), func(name oauth.Name) bool { return name.Provider == asked }) {
		return fiber.ErrNotFound
	}
	return c.Next()
}

// RejectCrossSiteStart shows the sign-in page to whoever another site sends here: a link elsewhere must not sign a
// guest in by way of a session they have at the provider (login CSRF). They press the button themselves.
func (p *Pages) RejectCrossSiteStart(c *fiber.Ctx) error {
	if site := c.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return p.Redirect(c, "/sign-in?next="+url.QueryEscape(p.Next(c.Query("next"))))
	}
	return c.Next()
}
