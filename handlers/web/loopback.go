package web

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/loopback"
)

// LoopbackOnly hides a route from everyone but a browser on this machine, by its address and by the name it
// asks for (DNS rebinding): the mails hold everyone's codes.
func (s *Site) LoopbackOnly(c *fiber.Ctx) error {
	asked := url.URL{Host: string(c.Request().Host())}
	if !s.ClientIP(c).IsLoopback() || s.throughAnother(c) || !loopback.Host(asked.Hostname()) {
		return fiber.ErrNotFound
	}
	return c.Next()
}

// throughAnother finds a tunnel or a proxy on the way, whatever it says of the client: one of ours that says
// nothing but X-Forwarded-For with an address is believed.
func (s *Site) throughAnother(c *fiber.Ctx) bool {
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
	return !contains(s.Proxies, s.socket(c)) || err != nil || !nearest.IsLoopback()
}
