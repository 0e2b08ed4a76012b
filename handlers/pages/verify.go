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
		return web.Redirect(c, "/sign-up")
	}
	return p.Form(c, fiber.StatusOK, flow.step().form().Form())
}

// Verify takes the code.
func (p *Pages) Verify(c *fiber.Ctx) error {
	flow, err := p.waiting(c)
	if err != nil {
		return web.Redirect(c, "/sign-up")
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
		form.CodeError = wrongCode(c.FormValue("code"))
	case errors.Is(err, account.ErrCredentials):
		form.Code, form.PasswordError = c.FormValue("code"), "Wrong password."
	case errors.Is(err, models.ErrSpentCode):
		form.Spent, form.Error = true, "This code no longer works. Send a new one."
	case errors.Is(err, account.ErrTaken):
		form.Spent, form.Error = true, "This address already has an account. Sign in with it."
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
func wrongCode(typed string) string {
	if strings.TrimSpace(typed) == "" {
		return "Enter the code from the mail."
	}
	return "That is not the code. Look again, or send a new one."
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
	form.Notice = resent(mailed)
	return p.Form(c, fiber.StatusOK, form.Form())
}

// resent says what became of the wish for another code.
func resent(mailed bool) views.Notice {
	if mailed {
		return views.Notice{Kind: "success", Text: "A new code is on its way."}
	}
	return views.Notice{Kind: "info",
		Text: "Several codes went out to this address already. Enter one of them, or ask again in ten minutes."}
}
