package web

import (
	"errors"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/limit"
	"gatehouse/views"
)

// Form sends a form: alone to htmx, within its page to everyone else.
func (s *Site) Form(c *fiber.Ctx, status int, form views.Form) error {
	return RenderForm(c, status, form.Fragment, form.Whole(s.Page(c, form.Title)))
}

// Refuse shows what is refused on the form it was met on, so that nothing typed is lost: a limit, a busy moment, wrong
// credentials. Any other error is answered as such.
func (s *Site) Refuse(c *fiber.Ctx, err error, form func(sentence string) views.Form) error {
	status, sentence := Refusal(c, err)
	if status == 0 {
		return err
	}
	return s.Form(c, status, form(sentence))
}

// Refusal is the status and the sentence of an error that a form can show, or 0. It sets Retry-After.
func Refusal(c *fiber.Ctx, err error) (status int, sentence string) {
	var exceeded limit.Exceeded
	switch {
	case errors.As(err, &exceeded):
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds(exceeded.Wait)))
		return fiber.StatusTooManyRequests, limited(exceeded.Wait)
	case errors.Is(err, account.ErrBusy):
		c.Set(fiber.HeaderRetryAfter, "2")
		return fiber.StatusServiceUnavailable, sayBusy
	case errors.Is(err, account.ErrCredentials):
		return fiber.StatusUnprocessableEntity, "Wrong email or password."
	case errors.Is(err, account.ErrDisabled):
		return fiber.StatusUnprocessableEntity, "This account is closed. Ask the people who run this site."
	}
	return 0, ""
}

const sayBusy = "Many people are signing in at once. Try again in a moment."
