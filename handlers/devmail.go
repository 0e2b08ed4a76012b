package handlers

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/views"
)

// devMail shows the mails that would have gone out, in development without SMTP_URL.
func (h *Handlers) devMail(c *fiber.Ctx) error {
	var dev views.DevMail
	for _, kept := range h.Outbox.All() {
		dev.Mails = append(dev.Mails, views.Mail{To: kept.To, Subject: kept.Subject, Text: kept.Text(), At: kept.At})
	}
	return render(c, fiber.StatusOK, views.DevMailPage(h.page(c, "Mails"), dev))
}
