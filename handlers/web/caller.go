package web

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
)

// callerKey is where a request's caller is kept.
const callerKey = "caller"

// Caller is who asks, as every verb of account wants to know. What the request says of itself is read once; the
// session is whoever the guards have found by now.
func (s *Site) Caller(c *fiber.Ctx) account.Caller {
	caller, read := c.Locals(callerKey).(account.Caller)
	if !read {
		caller = account.Caller{IP: s.ClientIP(c), Client: ClientName(c), RequestID: RequestID(c), Device: s.Device(c)}
		c.Locals(callerKey, caller)
	}
	caller.Session, _ = Current(c)
	return caller
}

// Deliver is where every way in ends: the browser gets its pair, remembers the account, and goes on to next.
func (s *Site) Deliver(c *fiber.Ctx, entered account.Entered, next string) error {
	if err := s.RememberDevice(c, entered.User.Email); err != nil {
		return err
	}
	s.SetTokens(c, entered.Pair)
	return Leave(c, s.Next(next))
}
