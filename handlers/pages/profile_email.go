package pages

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// saveEmail mails a code to the new address; the address changes when the code comes back. It asks
// for a recent sign-in: whoever holds the address can reset the password.
func (p *Pages) saveEmail(c *fiber.Ctx, user models.User) error {
	form := views.ProfileEmailForm{Current: user.Email, Email: c.FormValue("email")}
	again := func(status int) error {
		return p.section(c, status, user, views.ProfileEmail(form), func(p *views.Profile) { p.Email = form })
	}
	if access, _ := web.Current(c); !p.recent(access) {
		return web.Redirect(c, "/confirm?next="+url.QueryEscape("/profile#email-section"))
	}
	if address, err := account.Canonical(form.Email); err == nil && address != user.Email {
		if err := p.Limits.Try(c.UserContext(), web.SenderRule, user.ID); err != nil {
			return p.LimitedForm(c, err, func(sentence string) error {
				form.Error = sentence
				return again(429)
			})
		}
	}
	change, _, err := p.Accounts.ProposeEmail(c.UserContext(), user, form.Email)
	var mistakes account.Mistakes
	if errors.As(err, &mistakes) {
		form.EmailError = mistakes.Email
		return again(422)
	}
	if err != nil {
		return err
	}
	return p.await(c, waiting{Email: &change, Next: "/profile?notice=email"}, change.Flow)
}

// proveEmail is the end of saveEmail, on /verify.
func (p *Pages) proveEmail(c *fiber.Ctx, flow waiting) error {
	user, err := p.me(c)
	if err != nil {
		return err
	}
	if user.Email != flow.Email.Email { // else this is the second of two presses
		proven, err := p.Accounts.ProveEmail(c.UserContext(), user, *flow.Email, c.FormValue("code"))
		if err != nil {
			return err
		}
		p.reclaim(c, proven)
		p.RecordOwn(c, models.EventEmailChanged, account.Mask(flow.Email.Email))
	}
	return p.emailProven(c, flow)
}
