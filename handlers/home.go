package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/views"
)

// home greets whoever is signed in by name, while the database says it.
func (h *Handlers) home(c *fiber.Ctx) error {
	page := h.page(c, "")
	if _, signedIn := current(c); signedIn {
		user, err := h.me(c)
		if errors.Is(err, session.ErrEnded) {
			return err
		}
		if err == nil {
			page = h.userPage(c, "", user)
		}
	}
	return render(c, fiber.StatusOK, views.HomePage(page, views.Home{Providers: h.providers()}))
}
