package handlers

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/models"
	"gatehouse/views"
)

// delete removes the account: with the password where there is one, else after a recent sign-in.
func (h *Handlers) delete(c *fiber.Ctx, user models.User) error {
	form := h.deleteForm(user)
	if form.Password {
		if err := h.takeOwn(c); err != nil {
			return err
		}
		err := h.Accounts.Confirm(c.UserContext(), h.lane(c), user.ID, c.FormValue("password"))
		if errors.Is(err, account.ErrCredentials) {
			form.PasswordError = "Wrong password."
			return h.deletePage(c, 422, user, form)
		}
		if err != nil {
			return err
		}
	} else if access, _ := current(c); !h.recent(access) {
		return redirect(c, "/confirm?next="+url.QueryEscape("/profile?section=delete"))
	} else if c.FormValue("confirm") != "yes" {
		form.ConfirmError = "Tick the box to go on."
		return h.deletePage(c, 422, user, form)
	}
	if _, err := h.Sessions.EndUser(c.UserContext(), user.ID, ""); err != nil {
		return err
	}
	if err := h.Accounts.Delete(c.UserContext(), user); err != nil {
		return err
	}
	h.clearTokens(c)
	h.clearCookie(c, deviceCookie)
	return redirect(c, "/sign-in?notice=deleted")
}

func (h *Handlers) deleteForm(user models.User) views.ProfileDeleteForm {
	return views.ProfileDeleteForm{Email: user.Email, Password: user.PasswordHash != ""}
}

func (h *Handlers) deletePage(c *fiber.Ctx, status int, user models.User, form views.ProfileDeleteForm) error {
	return renderForm(c, status, views.ProfileDelete(form), views.DeletePage(h.userPage(c, "Delete your account", user), form))
}
