package web

import (
	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
)

// Caller is who asks, as every verb of account wants to know.
func (s *Site) Caller(c *fiber.Ctx) account.Caller {
	access, _ := Current(c)
	return account.Caller{IP: s.ClientIP(c), Client: ClientName(c), RequestID: RequestID(c), Device: s.Device(c),
		Session: access}
}

// Deliver is where every way in ends: the browser gets its pair, remembers the account, and goes on to next.
func (s *Site) Deliver(c *fiber.Ctx, entered account.Entered, next string) error {
	if err := s.RememberDevice(c, entered.User.Email); err != nil {
		return err
	}
	s.SetTokens(c, entered.Pair)
	return Leave(c, s.Next(next))
}
