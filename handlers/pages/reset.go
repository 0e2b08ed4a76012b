package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// recovering is what the reset cookie carries until its code comes back.
type recovering struct {
	Recovery account.Recovery `json:"r"`
	Next     string           `json:"n"`
}

func (p *Pages) ForgotPage(c *fiber.Ctx) error {
	return web.Render(c, fiber.StatusOK, views.ForgotPage(p.Page(c, "Reset your password"), views.ForgotForm{Next: web.Next(c.Query("next"))}))
}

// Forgot answers known and unknown addresses alike.
func (p *Pages) Forgot(c *fiber.Ctx) error {
	form := forgotForm(c)
	recovery, _, err := p.Accounts.Forgot(c.UserContext(), form.Email, p.asker(c, form.Email))
	var mistakes account.Mistakes
	if errors.As(err, &mistakes) {
		form.EmailError = mistakes.Email
		return p.forgotAgain(c, 422, form)
	}
	if errors.Is(err, account.ErrBusy) {
		return p.BusyForm(c, func(sentence string) error {
			form.Error = sentence
			return p.forgotAgain(c, fiber.StatusServiceUnavailable, form)
		})
	}
	if err != nil {
		return err
	}
	if err := p.SealCookie(c, web.ResetCookie, recovering{recovery, form.Next}, account.FlowLife); err != nil {
		return err
	}
	_ = p.Limits.Try(c.UserContext(), resendRule, recovery.ID) // counted here, refused when another is asked for
	return web.Redirect(c, "/reset")
}

func forgotForm(c *fiber.Ctx) views.ForgotForm {
	return views.ForgotForm{Email: c.FormValue("email"), Next: web.Next(c.FormValue("next", c.Query("next")))}
}

func (p *Pages) ForgotLimited(c *fiber.Ctx, sentence string) error {
	form := forgotForm(c)
	form.Error = sentence
	return p.forgotAgain(c, 429, form)
}

func (p *Pages) forgotAgain(c *fiber.Ctx, status int, form views.ForgotForm) error {
	return web.RenderForm(c, status, views.Forgot(form), views.ForgotPage(p.Page(c, "Reset your password"), form))
}

func (p *Pages) ResetPage(c *fiber.Ctx) error {
	_, form, err := p.recovering(c)
	if err != nil {
		return web.Redirect(c, "/forgot")
	}
	return p.resetAgain(c, fiber.StatusOK, form)
}

// Reset takes the code and the new password. All sessions end, also the thief's; nobody is signed
// in by it.
func (p *Pages) Reset(c *fiber.Ctx) error {
	under, form, err := p.recovering(c)
	if err != nil {
		return web.Redirect(c, "/forgot")
	}
	if c.FormValue("action") == "resend" {
		return p.resendReset(c, under, form)
	}
	user, err := p.Accounts.Reset(c.UserContext(), under.Recovery, c.FormValue("code"), c.FormValue("password"),
		func(userID string) error { return p.canEnd(c, userID) })
	var mistakes account.Mistakes
	switch {
	case errors.As(err, &mistakes):
		form.Code, form.PasswordError = c.FormValue("code"), mistakes.Password
	case errors.Is(err, models.ErrWrongCode):
		form.CodeError = wrongCode(c.FormValue("code"))
	case errors.Is(err, account.ErrBusy):
		return p.BusyForm(c, func(sentence string) error {
			form.Code, form.Error = c.FormValue("code"), sentence
			return p.resetAgain(c, fiber.StatusServiceUnavailable, form)
		})
	case errors.Is(err, account.ErrResetBefore):
		return p.resetDone(c, under.Next)
	case errors.Is(err, models.ErrSpentCode):
		form.Spent, form.Error = true, "This code no longer works. Send a new one."
	case err != nil:
		return err
	default:
		return p.wasReset(c, user, under.Next)
	}
	return p.resetAgain(c, 422, form)
}

func (p *Pages) wasReset(c *fiber.Ctx, user models.User, to string) error {
	if _, err := p.Sessions.EndUser(c.UserContext(), user.ID, ""); err != nil {
		return err
	}
	p.Record(c, models.Event{UserID: user.ID, Kind: models.EventPasswordReset})
	// Whoever reads the owner's mail is no stranger: guesses by others must not keep them out.
	if err := p.RememberDevice(c, user.Email); err != nil {
		return err
	}
	return p.resetDone(c, to)
}

// canEnd asks the store that is to end a person's sessions, before their password changes: one that is
// new while the sessions go on would be half a change.
func (p *Pages) canEnd(c *fiber.Ctx, userID string) error {
	_, err := p.Sessions.List(c.UserContext(), userID)
	return err
}

func (p *Pages) resetDone(c *fiber.Ctx, to string) error {
	p.ClearCookie(c, web.ResetCookie)
	return web.Redirect(c, web.SignInAt("reset", to))
}

func (p *Pages) resendReset(c *fiber.Ctx, under recovering, form views.ResetForm) error {
	if err := p.Limits.Try(c.UserContext(), resendRule, under.Recovery.ID); err != nil {
		return p.LimitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return p.resetAgain(c, 429, form)
		})
	}
	recovery, mailed, err := p.Accounts.Forgot(c.UserContext(), under.Recovery.Email, p.asker(c, under.Recovery.Email))
	if err != nil {
		return err
	}
	under.Recovery = recovery
	if err := p.SealCookie(c, web.ResetCookie, under, account.FlowLife); err != nil {
		return err
	}
	_ = p.Limits.Try(c.UserContext(), resendRule, recovery.ID)
	form.Notice = resent(mailed)
	return p.resetAgain(c, fiber.StatusOK, form)
}

func (p *Pages) resetAgain(c *fiber.Ctx, status int, form views.ResetForm) error {
	return web.RenderForm(c, status, views.Reset(form), views.ResetPage(p.Page(c, "Choose a new password"), form))
}

func (p *Pages) recovering(c *fiber.Ctx) (recovering, views.ResetForm, error) {
	var under recovering
	err := p.OpenCookie(c, web.ResetCookie, &under)
	return under, views.ResetForm{Email: under.Recovery.Email, Next: under.Next, PasswordMin: p.PasswordMin}, err
}
