package handlers

import (
	"net/netip"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/views"
)

// thisMachine hides a route from everyone but a browser on this machine, by its address and by the name it
// asks for (DNS rebinding): the mails hold everyone's codes.
func (h *Handlers) thisMachine(c *fiber.Ctx) error {
	host := (&url.URL{Host: string(c.Request().Host())}).Hostname()
	asked, err := netip.ParseAddr(host)
	if !h.clientIP(c).IsLoopback() || forwardedFor(c) != "" && !h.trusted(c) || host != "localhost" && (err != nil || !asked.IsLoopback()) {
		return fiber.ErrNotFound
	}
	return c.Next()
}

// devMail shows the mails that would have gone out, in development without SMTP_URL.
func (h *Handlers) devMail(c *fiber.Ctx) error {
	var dev views.DevMail
	for _, kept := range h.Outbox.All() {
		dev.Mails = append(dev.Mails, views.Mail{To: kept.To, Subject: kept.Subject, Text: kept.Text(), At: kept.At})
	}
	return render(c, fiber.StatusOK, views.DevMailPage(h.page(c, "Mails"), dev))
}
