package web

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/mileusna/useragent"

	"gatehouse/app/words"
)

// ClientIP is the address of whoever is asking: the socket's or, behind trusted proxies, the
// rightmost in X-Forwarded-For that is not one of them. Everything further left is what the client
// says of itself.
func (s *Site) ClientIP(c *fiber.Ctx) netip.Addr {
	return forwarded(s.socket(c), forwardedFor(c), s.Proxies)
}

// forwardedFor is the whole chain. A proxy may add itself in a line of its own (RFC 9110, 5.3):
// whoever reads the first line alone believes the client.
func forwardedFor(c *fiber.Ctx) string {
	return string(bytes.Join(c.Request().Header.PeekAll(fiber.HeaderXForwardedFor), []byte(",")))
}

func (s *Site) socket(c *fiber.Ctx) netip.Addr {
	socket, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	return socket.Unmap()
}

// forwarded walks a chain of proxies from the near end.
func forwarded(socket netip.Addr, chain string, trusted []netip.Prefix) netip.Addr {
	client := socket
	for chain != "" && contains(trusted, client) {
		var last string
		if i := strings.LastIndexByte(chain, ','); i >= 0 {
			chain, last = chain[:i], chain[i+1:]
		} else {
			chain, last = "", chain
		}
		hop, err := hopAddress(strings.TrimSpace(last))
		if err != nil {
			return client
		}
		client = hop.Unmap().WithZone("")
	}
	return client
}

// hopAddress reads a hop with a port or without: some proxies write one.
func hopAddress(text string) (netip.Addr, error) {
	if hop, err := netip.ParseAddrPort(text); err == nil {
		return hop.Addr(), nil
	}
	return netip.ParseAddr(text)
}

func contains(networks []netip.Prefix, address netip.Addr) bool {
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// longestAgent bounds what is read of a browser's name; real ones have up to 300 bytes.
const longestAgent = 512

// ClientName says which browser this is, as records keep it: "Firefox on Android".
func ClientName(c *fiber.Ctx) string {
	name := c.Get(fiber.HeaderUserAgent)
	agent := useragent.Parse(strings.ToValidUTF8(name[:min(len(name), longestAgent)], ""))
	browser, system := agent.Name, agent.OS
	if system == useragent.MacOS {
		system = "macOS"
	}
	switch {
	case browser == "" || len(browser) > 24:
		return words.UnknownBrowser
	case system == "" || len(system) > 16:
		return browser
	}
	return browser + " on " + system
}
