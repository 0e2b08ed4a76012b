package handlers

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"gatehouse/views"
)

// thisMachine hides a route from everyone but a browser on this machine, by its address and by the name it
// asks for (DNS rebinding): the mails hold everyone's codes.
func (h *Handlers) thisMachine(c *fiber.Ctx) error {
	through := forwardedFor(c) != "" && !contains(h.Proxies, h.socket(c)) // a tunnel, whatever it says of the client
	if through || !h.clientIP(c).IsLoopback() || !namesThisMachine(string(c.Request().Host())) {
		return fiber.ErrNotFound
	}
	return c.Next()
}

func namesThisMachine(host string) bool {
	host = (&url.URL{Host: host}).Hostname()
	address, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && address.IsLoopback()
}

// devMail shows the mails that would have gone out, in development without SMTP_URL.
func (h *Handlers) devMail(c *fiber.Ctx) error {
	var dev views.DevMail
	for _, kept := range h.Outbox.All() {
		dev.Mails = append(dev.Mails, views.Mail{To: kept.To, Subject: kept.Subject, Text: kept.Text(), At: kept.At})
	}
	return render(c, fiber.StatusOK, views.DevMailPage(h.page(c, "Mails"), dev))
}
