package handlers

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/gofiber/fiber/v2"
)

// healthz says that this process is alive.
func (h *Handlers) healthz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"status": "ok"})
}

const readyWithin = 2 * time.Second

// readyz says whether this process serves well, and if not, what is wrong.
func (h *Handlers) readyz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	ctx, cancel := context.WithTimeout(c.UserContext(), readyWithin)
	defer cancel()
	problems := h.Problems(ctx)
	if len(problems) == 0 {
		return c.JSON(fiber.Map{"status": "ready"})
	}
	c.Set(fiber.HeaderRetryAfter, "2")
	return c.Status(fiber.StatusServiceUnavailable).JSON(fiber.Map{"status": "not ready", "problems": problems})
}

// operators lets in whoever carries METRICS_TOKEN. Without one set, it lets in who reaches this
// process directly and from a private network: what came through a public proxy carries
// X-Forwarded-For.
func (h *Handlers) operators(c *fiber.Ctx) error {
	if h.MetricsToken != "" {
		if subtle.ConstantTimeCompare([]byte(c.Get(fiber.HeaderAuthorization)), []byte("Bearer "+h.MetricsToken)) != 1 {
			return fiber.ErrNotFound
		}
		return c.Next()
	}
	socket := h.socket(c)
	if forwardedFor(c) != "" || !socket.IsLoopback() && !socket.IsPrivate() {
		return fiber.ErrNotFound
	}
	return c.Next()
}
