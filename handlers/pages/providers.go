package pages

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/oauth"
	"gatehouse/handlers/web"
)

const (
	flowLife = 10 * time.Minute
	formLife = time.Minute
)

// What a flow with a provider is for.
const (
	toSignIn  = "sign-in"
	toLink    = "link"
	toConfirm = "confirm"
)

// BeginSignIn sends a guest to a provider, to sign in.
func (p *Pages) BeginSignIn(c *fiber.Ctx) error {
	return p.toProvider(c, c.Params("provider"),
		oauth.Flow{Intent: toSignIn, Next: p.Next(c.Query("next")), Remember: true})
}

// BeginLink sends someone signed in to a provider, to connect an identity. It begins with a POST, which other
// sites cannot send (CSRF): a link elsewhere could connect an account of its choice.
func (p *Pages) BeginLink(c *fiber.Ctx) error {
	return p.link(c, c.Params("provider"))
}

func (p *Pages) link(c *fiber.Ctx, provider string) error {
	access, _ := web.Current(c)
	return p.toProvider(c, provider, oauth.Flow{Intent: toLink, UserID: access.UserID, SessionID: access.SessionID,
		Remember: true})
}

// BeginConfirm is the way to show again who one is (step-up) with an identity. The provider is asked
// to see the person, not a session of its own.
func (p *Pages) BeginConfirm(c *fiber.Ctx) error {
	access, _ := web.Current(c)
	return p.toProvider(c, c.Params("provider"),
		oauth.Flow{Intent: toConfirm, UserID: access.UserID, SessionID: access.SessionID,
			Next: p.Next(c.FormValue("next")), Remember: true, Reauthenticate: true})
}

func (p *Pages) toProvider(c *fiber.Ctx, provider string, flow oauth.Flow) error {
	to, flow, err := p.Providers.Begin(c.UserContext(), provider, flow)
	if err != nil {
		return p.providerFailed(c, provider, err)
	}
	if err := p.SealCookie(c, web.OauthCookie, flow, flowLife); err != nil {
		return err
	}
	return web.Leave(c, to)
}

// leadsToProviders lets the forms of a page lead to the configured providers: a browser applies the
// page's form-action to the redirect that answers the form, too.
func (p *Pages) leadsToProviders(c *fiber.Ctx) {
	if origins := p.Providers.Origins(c.UserContext()); len(origins) > 0 {
		c.Set(fiber.HeaderContentSecurityPolicy, web.ContentPolicy+" "+strings.Join(origins, " "))
	}
}
