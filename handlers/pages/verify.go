package pages

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// VerifyPage asks for the code of whichever flow this browser's cookie carries.
func (p *Pages) VerifyPage(c *fiber.Ctx) error {
	flow, err := p.waiting(c)
	if err != nil {
		return p.Redirect(c, "/sign-up")
	}
	return p.Form(c, fiber.StatusOK, flow.step().form().Form())
}

// Verify takes the code.
func (p *Pages) Verify(c *fiber.Ctx) error {
	flow, err := p.waiting(c)
	if err != nil {
		return p.Redirect(c, "/sign-up")
	}
	if c.FormValue("action") == "resend" {
		return p.resend(c, flow)
	}
	step := flow.step()
	err = step.take(p, c)
	if errors.Is(err, models.ErrSpentCode) {
		if done, failed := step.done(p, c); done || failed != nil {
			return failed
		}
	}
	if err != nil {
		return p.codeRefused(c, step.form(), err)
	}
	return nil
}

func (p *Pages) codeRefused(c *fiber.Ctx, form views.VerifyForm, err error) error {
	switch {
	case errors.Is(err, models.ErrWrongCode):
		form.CodeError = wrongCode(c)
	case errors.Is(err, account.ErrCredentials):
		form.Code, form.PasswordError = c.FormValue("code"), web.Say(c, "error.wrong_password")
	case errors.Is(err, models.ErrSpentCode), errors.Is(err, account.ErrTaken):
		form.Spent, form.Error = true, web.SayError(c, account.Refused(err))
	default:
		form.Code = c.FormValue("code")
		return p.Refuse(c, err, func(sentence string) views.Form {
			form.Error = sentence
			return form.Form()
		})
	}
	return p.Form(c, fiber.StatusUnprocessableEntity, form.Form())
}

// wrongCode says what is wrong with a code that was typed, or with none.
func wrongCode(c *fiber.Ctx) string {
	if strings.TrimSpace(c.FormValue("code")) == "" {
		return web.Say(c, "error.code_required")
	}
	return web.SayError(c, account.Refused(models.ErrWrongCode))
}

// resend begins the flow again, once a minute: with a new code or, past the share of mails that an address
// gets, with those that were sent.
func (p *Pages) resend(c *fiber.Ctx, flow waiting) error {
	step := flow.step()
	form := step.form()
	if flow.Email != nil {
		if done, err := step.done(p, c); done || err != nil {
			return err
		}
	}
	again, mailed, err := step.resend(p, c)
	if err != nil {
		return p.Refuse(c, err, func(sentence string) views.Form {
			form.Error = sentence
			return form.Form()
		})
	}
	if err := p.SealCookie(c, web.FlowCookie, again, account.FlowLife); err != nil {
		return err
	}
	form.Notice = resent(c, mailed)
	return p.Form(c, fiber.StatusOK, form.Form())
}

// resent says what became of the wish for another code.
func resent(c *fiber.Ctx, mailed bool) views.Notice {
	if mailed {
		return views.Notice{Kind: "success", Text: web.Say(c, "notice.code_sent")}
	}
	return views.Notice{Kind: "info", Text: web.Say(c, "notice.codes_sent_before")}
}
