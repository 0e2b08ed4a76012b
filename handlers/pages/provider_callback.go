package pages

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/oauth"
	"gatehouse/handlers/web"
	"gatehouse/models"
)

// AppleCallback takes Apple's cross-site POST, which comes without our cookies: the form is sealed into
// a one-minute value and brought back by a GET, where the flow cookie is there to be checked.
func (p *Pages) AppleCallback(c *fiber.Ctx) error {
	form := url.Values{}
	for _, name := range []string{"code", "state", "error", "user"} {
		if value := c.FormValue(name); value != "" {
			form.Set(name, value)
		}
	}
	if len(form.Encode()) > 4000 {
		return fiber.ErrBadRequest
	}
	sealed, err := p.Keys.Seal("apple form", form, formLife)
	if err != nil {
		return err
	}
	return p.Redirect(c, web.AppleCallback+"?form="+sealed)
}

// Callback takes a provider's answer. The flow cookie is cleared first and its state spent, so an
// answer works once, in the browser that asked.
func (p *Pages) Callback(c *fiber.Ctx) error {
	provider := c.Params("provider")
	var flow oauth.Flow
	unknown := p.OpenCookie(c, web.OauthCookie, &flow)
	p.ClearCookie(c, web.OauthCookie)
	if unknown != nil || !belongs(c, flow) {
		return p.providerFailed(c, provider, oauth.ErrState)
	}
	identity, err := p.finish(c, provider, flow)
	if err == nil {
		err = p.carryOn(c, flow, identity)
	}
	if err != nil {
		return p.providerFailed(c, provider, err)
	}
	return nil
}

// belongs reports whether a flow is of whoever is asking now: a browser may have changed hands meanwhile, and an
// identity is linked in the very session that began it.
func belongs(c *fiber.Ctx, flow oauth.Flow) bool {
	access, _ := web.Current(c)
	return flow.Intent == toSignIn || access.UserID == flow.UserID &&
		(flow.Intent != toLink || access.SessionID == flow.SessionID)
}

// finish spends the flow's state (replay) and has the provider say who it is.
func (p *Pages) finish(c *fiber.Ctx, provider string, flow oauth.Flow) (models.Identity, error) {
	answer, err := p.providerAnswer(c, provider)
	if err != nil {
		return models.Identity{}, err
	}
	if err := p.Accounts.SpendState(c.UserContext(), flow.State, flowLife); err != nil {
		if errors.Is(err, models.ErrTaken) {
			err = oauth.ErrState
		}
		return models.Identity{}, err
	}
	return p.Providers.Finish(c.UserContext(), provider, flow, answer)
}

// providerAnswer reads a provider's answer from the address: parameters that we know, and no others.
func (p *Pages) providerAnswer(c *fiber.Ctx, provider string) (url.Values, error) {
	answer := url.Values{}
	if sealed := c.Query("form"); provider == "apple" && sealed != "" {
		if err := p.Keys.Open("apple form", sealed, &answer); err != nil {
			return nil, oauth.ErrState
		}
		return answer, nil
	}
	for _, name := range []string{"code", "state", "error", "iss"} {
		for _, value := range c.Request().URI().QueryArgs().PeekMulti(name) { // all of them: twice is refused
			answer.Add(name, string(value))
		}
	}
	return answer, nil
}

// carryOn does what the flow was for.
func (p *Pages) carryOn(c *fiber.Ctx, flow oauth.Flow, identity models.Identity) error {
	ctx, caller := c.UserContext(), p.Caller(c)
	switch flow.Intent {
	case toLink:
		if err := p.Accounts.Link(ctx, caller, identity); err != nil {
			return err
		}
		return p.Redirect(c, "/profile?notice=linked")
	case toConfirm:
		entered, err := p.Accounts.Reauthenticate(ctx, caller, account.OwnIdentity{Identity: identity})
		if err != nil {
			return err
		}
		return p.Deliver(c, entered, flow.Next)
	}
	entered, err := p.Accounts.SignIn(ctx, caller, account.Identity{Identity: identity, Remember: flow.Remember})
	if err != nil {
		return err
	}
	return p.Deliver(c, entered, flow.Next)
}
