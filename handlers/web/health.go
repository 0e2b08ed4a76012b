package web

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Healthz says that this process is alive.
func (s *Site) Healthz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.JSON(fiber.Map{"status": "ok"})
}

const readyWithin = 2 * time.Second

// Readyz says whether this process serves, and what is wrong. It is 503 where a balancer had better ask another.
func (s *Site) Readyz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	ctx, cancel := context.WithTimeout(c.UserContext(), readyWithin)
	defer cancel()
	found := s.Ready(ctx)
	answer := fiber.Map{"status": "ready", "version": s.Version}
	if len(found.Degraded) > 0 {
		answer["degraded"] = found.Degraded
	}
	if len(found.Problems) == 0 {
		return c.JSON(answer)
	}
	answer["status"], answer["problems"] = "not ready", found.Problems
	c.Set(fiber.HeaderRetryAfter, "2")
	return c.Status(fiber.StatusServiceUnavailable).JSON(answer)
}

// OperatorsOnly lets in whoever carries METRICS_TOKEN. Without one set, it lets in who reaches this
// process directly and from a private network: what came through a public proxy carries
// X-Forwarded-For.
func (s *Site) OperatorsOnly(c *fiber.Ctx) error {
	if s.MetricsToken != "" {
		if subtle.ConstantTimeCompare([]byte(c.Get(fiber.HeaderAuthorization)), []byte("Bearer "+s.MetricsToken)) != 1 {
			return fiber.ErrNotFound
		}
		return c.Next()
	}
	socket := s.socket(c)
	if forwardedFor(c) != "" || !socket.IsLoopback() && !socket.IsPrivate() {
		return fiber.ErrNotFound
	}
	return c.Next()
}
