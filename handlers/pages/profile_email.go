package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/limit"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// ChangeEmail mails a code to the new address; the address changes when the code comes back, on /verify.
func (p *Pages) ChangeEmail(c *fiber.Ctx) error {
	change, _, err := p.Accounts.ProposeEmail(c.UserContext(), p.Caller(c), c.FormValue("email"))
	if err == nil {
		return p.await(c, waiting{Email: &change, Next: p.To("/profile?notice=email")})
	}
	form, status := views.ProfileEmailForm{Email: c.FormValue("email")}, fiber.StatusUnprocessableEntity
	var mistakes account.FieldErrors
	var exceeded limit.Exceeded
	switch {
	case errors.As(err, &mistakes):
		form.EmailError = web.SayError(c, mistakes.Of("email"))
	case errors.As(err, &exceeded):
		status, form.Error = web.Refusal(c, err)
	default:
		return err
	}
	user, err := p.Accounts.Me(c.UserContext(), p.Caller(c))
	if err != nil {
		return err
	}
	form.Current = user.Email
	return p.section(c, status, user, views.ProfileEmail(form), func(all *views.Profile) { all.Email = form })
}
