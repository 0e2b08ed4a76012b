package pages

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/handlers/web"
	"gatehouse/views"
)

// DevMail shows the mails that would have gone out, in development without SMTP_URL.
func (p *Pages) DevMail(c *fiber.Ctx) error {
	var dev views.DevMail
	for _, kept := range p.Mailbox.All() {
		dev.Mails = append(dev.Mails, views.Mail{To: kept.To, Subject: kept.Subject, Text: kept.Text(), At: kept.At})
	}
	return p.Render(c, fiber.StatusOK, views.DevMailPage(p.Page(c, web.Say(c, "dev_mail.title")), dev))
}
