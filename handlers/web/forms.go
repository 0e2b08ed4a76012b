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
	return s.RenderForm(c, status, form.Fragment, form.Whole(s.Page(c, Say(c, form.Title))))
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
	refused := account.Refused(err)
	if refused == nil {
		return 0, ""
	}
	switch refused.Code {
	case account.CodeRateLimited:
		retryAfter(c, err)
		status = fiber.StatusTooManyRequests
	case account.CodeBusy:
		c.Set(fiber.HeaderRetryAfter, "2")
		status = fiber.StatusServiceUnavailable
	case account.CodeInvalidCredentials, account.CodeAccountDisabled:
		status = fiber.StatusUnprocessableEntity
	default:
		return 0, ""
	}
	return status, SayError(c, refused)
}

// retryAfter tells a client how long to wait, where a limit was met.
func retryAfter(c *fiber.Ctx, err error) {
	var exceeded limit.Exceeded
	if errors.As(err, &exceeded) {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds(exceeded.Wait)))
	}
}
