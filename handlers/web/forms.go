package web

import (
	"errors"

	"gatehouse/app/limit"

	"github.com/gofiber/fiber/v2"
)

// LimitedForm shows a limit on the form it was met on, so that nothing typed is lost.
func (s *Site) LimitedForm(c *fiber.Ctx, err error, again func(sentence string) error) error {
	var exceeded limit.Exceeded
	if !errors.As(err, &exceeded) {
		return err
	}
	s.Problem(c, exceeded) // sets Retry-After
	return again(limited(exceeded.Wait))
}

// BusyForm is LimitedForm for a moment when more is asked than can be done.
func (s *Site) BusyForm(c *fiber.Ctx, again func(sentence string) error) error {
	c.Set(fiber.HeaderRetryAfter, "2")
	return again(sayBusy)
}

const sayBusy = "Many people are signing in at once. Try again in a moment."
