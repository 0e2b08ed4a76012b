package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// Delete removes the account: with the password where there is one, else after a recent sign-in.
func (p *Pages) Delete(c *fiber.Ctx) error {
	user, err := p.Accounts.Me(c.UserContext(), p.Caller(c))
	if err != nil {
		return err
	}
	form := deleteForm(user)
	if !form.Password && !p.fresh(c) {
		return p.askAgain(c, "/profile?section=delete")
	}
	if !form.Password && c.FormValue("confirm") != "yes" {
		form.ConfirmError = web.Say(c, "error.not_ticked")
		return p.userForm(c, fiber.StatusUnprocessableEntity, user, form.Form())
	}
	err = p.Accounts.Delete(c.UserContext(), p.Caller(c), c.FormValue("password"))
	if errors.Is(err, account.ErrCredentials) {
		form.PasswordError = web.Say(c, "error.wrong_password")
		return p.userForm(c, fiber.StatusUnprocessableEntity, user, form.Form())
	}
	if err != nil {
		return err
	}
	p.ClearTokens(c)
	p.ClearCookie(c, web.DeviceCookie)
	return p.Redirect(c, "/sign-in?notice=deleted")
}

func deleteForm(user models.User) views.ProfileDeleteForm {
	return views.ProfileDeleteForm{Email: user.Email, Password: user.PasswordHash != ""}
}
