package handlers

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/models"
	"gatehouse/views"
)

// recovering is what the reset cookie carries until its code comes back.
type recovering struct {
	Recovery account.Recovery `json:"r"`
	Next     string           `json:"n"`
}

func (h *Handlers) forgotPage(c *fiber.Ctx) error {
	return render(c, fiber.StatusOK, views.ForgotPage(h.page(c, "Reset your password"), views.ForgotForm{Next: next(c.Query("next"))}))
}

// forgot answers known and unknown addresses alike.
func (h *Handlers) forgot(c *fiber.Ctx) error {
	form := forgotForm(c)
	recovery, _, err := h.Accounts.Forgot(c.UserContext(), form.Email, h.asker(c, form.Email))
	var mistakes account.Mistakes
	if errors.As(err, &mistakes) {
		form.EmailError = mistakes.Email
		return h.forgotAgain(c, 422, form)
	}
	if errors.Is(err, account.ErrBusy) {
		return h.busyForm(c, func(sentence string) error {
			form.Error = sentence
			return h.forgotAgain(c, fiber.StatusServiceUnavailable, form)
		})
	}
	if err != nil {
		return err
	}
	if err := h.sealCookie(c, resetCookie, recovering{recovery, form.Next}, account.FlowLife); err != nil {
		return err
	}
	_ = h.take(c, resendRule, recovery.ID) // counted here, refused when another is asked for
	return redirect(c, "/reset")
}

func forgotForm(c *fiber.Ctx) views.ForgotForm {
	return views.ForgotForm{Email: c.FormValue("email"), Next: next(c.FormValue("next", c.Query("next")))}
}

func (h *Handlers) forgotLimited(c *fiber.Ctx, sentence string) error {
	form := forgotForm(c)
	form.Error = sentence
	return h.forgotAgain(c, 429, form)
}

func (h *Handlers) forgotAgain(c *fiber.Ctx, status int, form views.ForgotForm) error {
	return renderForm(c, status, views.Forgot(form), views.ForgotPage(h.page(c, "Reset your password"), form))
}

func (h *Handlers) resetPage(c *fiber.Ctx) error {
	_, form, err := h.recovering(c)
	if err != nil {
		return redirect(c, "/forgot")
	}
	return h.resetAgain(c, fiber.StatusOK, form)
}

// reset takes the code and the new password. All sessions end, also the thief's; nobody is signed
// in by it.
func (h *Handlers) reset(c *fiber.Ctx) error {
	under, form, err := h.recovering(c)
	if err != nil {
		return redirect(c, "/forgot")
	}
	if c.FormValue("action") == "resend" {
		return h.resendReset(c, under, form)
	}
	user, err := h.Accounts.Reset(c.UserContext(), under.Recovery, c.FormValue("code"), c.FormValue("password"),
		func(userID string) error { return h.canEnd(c, userID) })
	var mistakes account.Mistakes
	switch {
	case errors.As(err, &mistakes):
		form.Code, form.PasswordError = c.FormValue("code"), mistakes.Password
	case errors.Is(err, models.ErrWrongCode):
		form.CodeError = wrongCode(c.FormValue("code"))
	case errors.Is(err, account.ErrBusy):
		return h.busyForm(c, func(sentence string) error {
			form.Code, form.Error = c.FormValue("code"), sentence
			return h.resetAgain(c, fiber.StatusServiceUnavailable, form)
		})
	case errors.Is(err, account.ErrResetBefore):
		return h.resetDone(c, under.Next)
	case errors.Is(err, models.ErrSpentCode):
		form.Spent, form.Error = true, "This code no longer works. Send a new one."
	case err != nil:
		return err
	default:
		return h.wasReset(c, user, under.Next)
	}
	return h.resetAgain(c, 422, form)
}

func (h *Handlers) wasReset(c *fiber.Ctx, user models.User, to string) error {
	if _, err := h.Sessions.EndUser(c.UserContext(), user.ID, ""); err != nil {
		return err
	}
	h.record(c, models.Event{UserID: user.ID, Kind: models.EventPasswordReset})
	// Whoever reads the owner's mail is no stranger: guesses by others must not keep them out.
	if err := h.rememberDevice(c, user.Email); err != nil {
		return err
	}
	return h.resetDone(c, to)
}

// canEnd asks the store that is to end a person's sessions, before their password changes: one that is
// new while the sessions go on would be half a change.
func (h *Handlers) canEnd(c *fiber.Ctx, userID string) error {
	_, err := h.Sessions.List(c.UserContext(), userID)
	return err
}

func (h *Handlers) resetDone(c *fiber.Ctx, to string) error {
	h.clearCookie(c, resetCookie)
	return redirect(c, signInAt("reset", to))
}

func (h *Handlers) resendReset(c *fiber.Ctx, under recovering, form views.ResetForm) error {
	if err := h.take(c, resendRule, under.Recovery.ID); err != nil {
		return h.limitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return h.resetAgain(c, 429, form)
		})
	}
	recovery, mailed, err := h.Accounts.Forgot(c.UserContext(), under.Recovery.Email, h.asker(c, under.Recovery.Email))
	if err != nil {
		return err
	}
	under.Recovery = recovery
	if err := h.sealCookie(c, resetCookie, under, account.FlowLife); err != nil {
		return err
	}
	_ = h.take(c, resendRule, recovery.ID)
	form.Notice = resent(mailed)
	return h.resetAgain(c, fiber.StatusOK, form)
}

func (h *Handlers) resetAgain(c *fiber.Ctx, status int, form views.ResetForm) error {
	return renderForm(c, status, views.Reset(form), views.ResetPage(h.page(c, "Choose a new password"), form))
}

func (h *Handlers) recovering(c *fiber.Ctx) (recovering, views.ResetForm, error) {
	var under recovering
	err := h.openCookie(c, resetCookie, &under)
	return under, views.ResetForm{Email: under.Recovery.Email, Next: under.Next, PasswordMin: h.PasswordMin}, err
}

// signInAt is the sign-in page with a sentence, and the way on after it.
func signInAt(notice, to string) string {
	return "/sign-in?notice=" + notice + "&next=" + url.QueryEscape(to)
}
