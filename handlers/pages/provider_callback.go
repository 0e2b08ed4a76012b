package pages

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/oauth"
	"gatehouse/app/session"
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
	return web.Redirect(c, web.AppleCallback+"?form="+sealed)
}

// Callback takes a provider's answer. The flow cookie is cleared first and its state spent, so an
// answer works once, in the browser that asked.
func (p *Pages) Callback(c *fiber.Ctx) error {
	provider := c.Params("provider")
	var flow oauth.Flow
	unknown := p.OpenCookie(c, web.OauthCookie, &flow)
	p.ClearCookie(c, web.OauthCookie)
	if unknown != nil {
		return p.oauthFailed(c, provider, oauth.ErrState)
	}
	answer, err := p.oauthAnswer(c, provider)
	if err != nil {
		return p.oauthFailed(c, provider, err)
	}
	if access, _ := web.Current(c); access.UserID != flow.UserID || flow.Intent == toLink && access.SessionID != flow.SessionID {
		if flow.Intent != toSignIn {
			return p.oauthFailed(c, provider, oauth.ErrState)
		}
	}
	if err := p.DB.Codes.Spend(c.UserContext(), "state "+web.Fingerprint(flow.State), p.Now(), flowLife); err != nil {
		if errors.Is(err, models.ErrTaken) {
			err = oauth.ErrState
		}
		return p.oauthFailed(c, provider, err)
	}
	identity, err := p.Providers.Finish(c.UserContext(), provider, flow, answer)
	if err != nil {
		return p.oauthFailed(c, provider, err)
	}
	if err := p.arrive(c, flow, identity); err != nil {
		return p.oauthFailed(c, provider, err)
	}
	return nil
}

// oauthAnswer reads a provider's answer from the address: parameters that we know, and no others.
func (p *Pages) oauthAnswer(c *fiber.Ctx, provider string) (url.Values, error) {
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

// arrive does what the flow was for.
func (p *Pages) arrive(c *fiber.Ctx, flow oauth.Flow, identity models.Identity) error {
	how := session.Arrival{Remember: flow.Remember, AMR: []string{"fed"}, Provider: identity.Provider}
	if flow.Intent == toSignIn {
		user, fresh, joined, err := p.Accounts.Welcome(c.UserContext(), identity)
		if err != nil {
			return err
		}
		if joined {
			p.Record(c, models.Event{UserID: user.ID, Kind: models.EventLinked, Detail: identity.Provider})
		}
		kind := models.EventSignedIn
		if fresh {
			kind = models.EventSignedUp
		}
		return p.enter(c, user, how, kind, flow.Next)
	}
	user, err := p.me(c)
	if err != nil {
		return err
	}
	if flow.Intent == toConfirm {
		return p.confirmedBy(c, user, identity, flow.Next)
	}
	if err := p.Accounts.Link(c.UserContext(), user, identity); err != nil {
		return err
	}
	p.Record(c, models.Event{UserID: user.ID, SessionID: flow.SessionID, Kind: models.EventLinked, Detail: identity.Provider})
	return web.Redirect(c, "/profile?notice=linked")
}
