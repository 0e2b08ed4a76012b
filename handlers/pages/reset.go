package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// resetting is what the reset cookie carries until its code comes back.
type resetting struct {
	Reset account.PasswordReset `json:"r"`
	Next  string                `json:"n"`
}

// ForgotPage asks for the address.
func (p *Pages) ForgotPage(c *fiber.Ctx) error {
	return p.Form(c, fiber.StatusOK, views.ForgotForm{Next: p.Next(c.Query("next"))}.Form())
}

// Forgot answers known and unknown addresses alike (no enumeration).
func (p *Pages) Forgot(c *fiber.Ctx) error {
	form := p.forgotForm(c)
	reset, _, err := p.Accounts.Forgot(c.UserContext(), p.Caller(c), form.Email)
	var mistakes account.FieldErrors
	if errors.As(err, &mistakes) {
		form.EmailError = web.SayError(c, mistakes.Of("email"))
		return p.Form(c, fiber.StatusUnprocessableEntity, form.Form())
	}
	if err != nil {
		return p.Refuse(c, err, func(sentence string) views.Form { return forgotSaying(form, sentence) })
	}
	if err := p.SealCookie(c, web.ResetCookie, resetting{reset, form.Next}, account.FlowLife); err != nil {
		return err
	}
	return p.Redirect(c, "/reset")
}

// ForgotAgain is the form as it was sent, with a sentence.
func (p *Pages) ForgotAgain(c *fiber.Ctx, sentence string) views.Form {
	return forgotSaying(p.forgotForm(c), sentence)
}

func forgotSaying(form views.ForgotForm, sentence string) views.Form {
	form.Error = sentence
	return form.Form()
}

func (p *Pages) forgotForm(c *fiber.Ctx) views.ForgotForm {
	return views.ForgotForm{Email: c.FormValue("email"), Next: p.Next(c.FormValue("next", c.Query("next")))}
}

// ResetPage asks for the code and the new password.
func (p *Pages) ResetPage(c *fiber.Ctx) error {
	_, form, err := p.resetting(c)
	if err != nil {
		return p.Redirect(c, "/forgot")
	}
	return p.Form(c, fiber.StatusOK, form.Form())
}

// Reset takes the code and the new password. All sessions end, also the thief's; nobody is signed
// in by it.
func (p *Pages) Reset(c *fiber.Ctx) error {
	under, form, err := p.resetting(c)
	if err != nil {
		return p.Redirect(c, "/forgot")
	}
	if c.FormValue("action") == "resend" {
		return p.resendReset(c, under, form)
	}
	user, err := p.Accounts.Reset(c.UserContext(), p.Caller(c), under.Reset, c.FormValue("code"), c.FormValue("password"))
	if err != nil && !errors.Is(err, account.ErrResetBefore) {
		return p.resetRefused(c, form, err)
	}
	if err == nil { // whoever reads the owner's mail is no stranger: guesses by others must not keep them out
		if err := p.RememberDevice(c, user.Email); err != nil {
			return err
		}
	}
	p.ClearCookie(c, web.ResetCookie)
	return p.Redirect(c, web.SignInAt("reset", under.Next))
}

func (p *Pages) resetRefused(c *fiber.Ctx, form views.ResetForm, err error) error {
	var mistakes account.FieldErrors
	switch {
	case errors.As(err, &mistakes):
		form.Code, form.PasswordError = c.FormValue("code"), web.SayError(c, mistakes.Of("password"))
	case errors.Is(err, models.ErrWrongCode):
		form.CodeError = wrongCode(c)
	case errors.Is(err, models.ErrSpentCode):
		form.Spent, form.Error = true, web.SayError(c, account.Refused(err))
	default:
		return p.Refuse(c, err, func(sentence string) views.Form {
			form.Code, form.Error = c.FormValue("code"), sentence
			return form.Form()
		})
	}
	return p.Form(c, fiber.StatusUnprocessableEntity, form.Form())
}

func (p *Pages) resendReset(c *fiber.Ctx, under resetting, form views.ResetForm) error {
	again, mailed, err := p.Accounts.ResendReset(c.UserContext(), p.Caller(c), under.Reset)
	if err != nil {
		return p.Refuse(c, err, func(sentence string) views.Form {
			form.Error = sentence
			return form.Form()
		})
	}
	under.Reset = again
	if err := p.SealCookie(c, web.ResetCookie, under, account.FlowLife); err != nil {
		return err
	}
	form.Notice = resent(c, mailed)
	return p.Form(c, fiber.StatusOK, form.Form())
}

func (p *Pages) resetting(c *fiber.Ctx) (resetting, views.ResetForm, error) {
	var under resetting
	err := p.OpenCookie(c, web.ResetCookie, &under)
	return under, views.ResetForm{Email: under.Reset.Email, Next: under.Next, PasswordMin: p.PasswordMin}, err
}
