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
	if address, err := account.Canonical(form.Email); err == nil {
		if err := h.takeAddress(c, address); err != nil {
			return h.limitedForm(c, err, func(sentence string) error { return h.forgotLimited(c, sentence) })
		}
	}
	recovery, err := h.Accounts.Forgot(c.UserContext(), form.Email)
	var mistakes account.Mistakes
	if errors.As(err, &mistakes) {
		form.EmailError = mistakes.Email
		return h.forgotAgain(c, 422, form)
	}
	if err != nil {
		return err
	}
	if err := h.sealCookie(c, resetCookie, recovering{recovery, form.Next}, waitingLife); err != nil {
		return err
	}
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
	if err := h.canEnd(c, under.Recovery.UserID); err != nil {
		return err
	}
	user, err := h.Accounts.Reset(c.UserContext(), under.Recovery, c.FormValue("code"), c.FormValue("password"))
	var mistakes account.Mistakes
	switch {
	case errors.As(err, &mistakes):
		form.Code, form.PasswordError = c.FormValue("code"), mistakes.Password
	case errors.Is(err, models.ErrWrongCode):
		form.CodeError = "That is not the code. Look again, or send a new one."
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
	if err := h.takeResend(c, form.Email); err != nil {
		return h.limitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return h.resetAgain(c, 429, form)
		})
	}
	recovery, err := h.Accounts.ResendReset(c.UserContext(), under.Recovery)
	if err != nil {
		return err
	}
	under.Recovery = recovery
	if err := h.sealCookie(c, resetCookie, under, waitingLife); err != nil {
		return err
	}
	form.Notice = views.Notice{Kind: "success", Text: "A new code is on its way. The old one no longer works."}
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
