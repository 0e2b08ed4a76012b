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
	if !h.clientIP(c).IsLoopback() || h.throughAnother(c) || !namesThisMachine(string(c.Request().Host())) {
		return fiber.ErrNotFound
	}
	return c.Next()
}

// throughAnother finds a tunnel or a proxy on the way, whatever it says of the client: one of ours that says
// nothing but X-Forwarded-For with an address is believed.
func (h *Handlers) throughAnother(c *fiber.Ctx) bool {
	for _, name := range []string{"Forwarded", "Via", "X-Real-Ip", "X-Forwarded-Host", "X-Forwarded-Server"} {
		if c.Get(name) != "" {
			return true
		}
	}
	chain := forwardedFor(c)
	if chain == "" {
		return false
	}
	nearest, err := hopAddress(strings.TrimSpace(chain[strings.LastIndexByte(chain, ',')+1:]))
	return !contains(h.Proxies, h.socket(c)) || err != nil || !nearest.IsLoopback()
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
