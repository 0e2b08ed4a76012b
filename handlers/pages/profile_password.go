package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/limit"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// ChangePassword sets a password, after the current one where there is one, else after a recent sign-in.
func (p *Pages) ChangePassword(c *fiber.Ctx) error {
	user, err := p.Accounts.Me(c.UserContext(), p.Caller(c))
	if err != nil {
		return err
	}
	form := p.passwordForm(user)
	if !form.Set && !p.fresh(c) {
		return p.askAgain(c, "/profile#password-section")
	}
	err = p.Accounts.ChangePassword(c.UserContext(), p.Caller(c), c.FormValue("current"), c.FormValue("password"))
	if err == nil {
		form.Set, form.Notice = true, web.Notice(c, "password")
		return p.saved(c, "password", views.ProfilePassword(form))
	}
	status := fiber.StatusUnprocessableEntity
	var mistakes account.FieldErrors
	var exceeded limit.Exceeded
	switch {
	case errors.Is(err, account.ErrCredentials):
		form.CurrentError = web.Say(c, "error.wrong_password")
	case errors.As(err, &mistakes):
		form.PasswordError = web.SayError(c, mistakes.Of("password"))
	case errors.As(err, &exceeded):
		status, form.Error = web.Refusal(c, err)
	default:
		return err
	}
	return p.section(c, status, user, views.ProfilePassword(form), func(all *views.Profile) { all.Password = form })
}

func (p *Pages) passwordForm(user models.User) views.ProfilePasswordForm {
	return views.ProfilePasswordForm{Email: user.Email, Set: user.PasswordHash != "", PasswordMin: p.PasswordMin}
}
