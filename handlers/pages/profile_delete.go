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

// delete removes the account: with the password where there is one, else after a recent sign-in.
func (p *Pages) delete(c *fiber.Ctx, user models.User) error {
	form := p.deleteForm(user)
	if form.Password {
		if err := p.takeOwn(c); err != nil {
			return err
		}
		err := p.Accounts.Confirm(c.UserContext(), p.lane(c), user.ID, c.FormValue("password"))
		if errors.Is(err, account.ErrCredentials) {
			form.PasswordError = "Wrong password."
			return p.deletePage(c, 422, user, form)
		}
		if err != nil {
			return err
		}
	} else if access, _ := web.Current(c); !p.recent(access) {
		return web.Redirect(c, "/confirm?next="+url.QueryEscape("/profile?section=delete"))
	} else if c.FormValue("confirm") != "yes" {
		form.ConfirmError = "Tick the box to go on."
		return p.deletePage(c, 422, user, form)
	}
	if _, err := p.Sessions.EndUser(c.UserContext(), user.ID, ""); err != nil {
		return err
	}
	if err := p.Accounts.Delete(c.UserContext(), user); err != nil {
		return err
	}
	p.ClearTokens(c)
	p.ClearCookie(c, web.DeviceCookie)
	return web.Redirect(c, "/sign-in?notice=deleted")
}

func (p *Pages) deleteForm(user models.User) views.ProfileDeleteForm {
	return views.ProfileDeleteForm{Email: user.Email, Password: user.PasswordHash != ""}
}

func (p *Pages) deletePage(c *fiber.Ctx, status int, user models.User, form views.ProfileDeleteForm) error {
	return web.RenderForm(c, status, views.ProfileDelete(form), views.DeletePage(p.UserPage(c, "Delete your account", user), form))
}
