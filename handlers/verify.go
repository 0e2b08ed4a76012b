package handlers

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/models"
	"gatehouse/views"
)

func (h *Handlers) verifyPage(c *fiber.Ctx) error {
	flow, err := h.waiting(c)
	if err != nil {
		return redirect(c, "/sign-up")
	}
	return render(c, fiber.StatusOK, views.VerifyPage(h.page(c, "Enter the code"), flow.form()))
}

// verify takes the code of whichever flow this browser's cookie carries.
func (h *Handlers) verify(c *fiber.Ctx) error {
	flow, err := h.waiting(c)
	if err != nil {
		return redirect(c, "/sign-up")
	}
	if c.FormValue("action") == "resend" {
		return h.resend(c, flow)
	}
	form := flow.form()
	if flow.Email != nil {
		err = h.proveEmail(c, flow)
	} else {
		var user models.User
		if user, err = h.Accounts.Verify(c.UserContext(), *flow.SignUp, c.FormValue("code")); err == nil {
			return h.welcome(c, user, flow)
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, models.ErrWrongCode):
		form.CodeError = "That is not the code. Look again, or send a new one."
	case errors.Is(err, models.ErrSpentCode):
		if flow.SignUp != nil {
			if done, err := h.Accounts.SignedUp(c.UserContext(), *flow.SignUp); done || err != nil {
				return h.signedUpAlready(c, flow, err)
			}
		} else if done, err := h.provenBefore(c, flow); err != nil {
			return err
		} else if done { // by the first of two presses
			return h.emailProven(c, flow)
		}
		form.Spent, form.Error = true, "This code no longer works. Send a new one."
	case errors.Is(err, account.ErrTaken):
		form.Spent, form.Error = true, "This address already has an account. Sign in with it."
	default:
		return err
	}
	return h.verifyAgain(c, 422, form)
}

// signedUpAlready is for the second of two presses: the first made the user, and its answer with the
// session may be lost. The password gets them in.
func (h *Handlers) signedUpAlready(c *fiber.Ctx, flow waiting, err error) error {
	if err != nil {
		return err
	}
	h.clearCookie(c, flowCookie)
	return redirect(c, signInAt("ready", flow.Next))
}

// provenBefore reports whether the address of the flow is the person's by now.
func (h *Handlers) provenBefore(c *fiber.Ctx, flow waiting) (bool, error) {
	user, err := h.me(c)
	return err == nil && user.Email == flow.Email.Email, err
}

// emailProven is the end of a flow for a new address.
func (h *Handlers) emailProven(c *fiber.Ctx, flow waiting) error {
	h.clearCookie(c, flowCookie)
	return redirect(c, flow.Next)
}

func (h *Handlers) verifyAgain(c *fiber.Ctx, status int, form views.VerifyForm) error {
	return renderForm(c, status, views.Verify(form), views.VerifyPage(h.page(c, "Enter the code"), form))
}

// resend replaces the code, once a minute and ten times a day for an address.
func (h *Handlers) resend(c *fiber.Ctx, flow waiting) error {
	form := flow.form()
	if flow.Email != nil {
		done, err := h.provenBefore(c, flow) // in another browser
		if err != nil {
			return err
		}
		if done {
			return h.emailProven(c, flow)
		}
	}
	if err := h.takeResend(c, form.Email); err != nil {
		return h.limitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return h.verifyAgain(c, 429, form)
		})
	}
	if err := h.renewCode(c.UserContext(), c, &flow); err != nil {
		return err
	}
	if err := h.sealCookie(c, flowCookie, flow, waitingLife); err != nil {
		return err
	}
	form.Notice = views.Notice{Kind: "success", Text: "A new code is on its way. The old one no longer works."}
	return h.verifyAgain(c, fiber.StatusOK, form)
}

func (h *Handlers) renewCode(ctx context.Context, c *fiber.Ctx, flow *waiting) error {
	if flow.SignUp != nil {
		pending, err := h.Accounts.Resend(ctx, *flow.SignUp)
		flow.SignUp = &pending
		return err
	}
	user, err := h.me(c)
	if err != nil {
		return err
	}
	change, err := h.Accounts.ProposeEmail(ctx, user, flow.Email.Email)
	flow.Email = &change
	return err
}

// takeResend limits by the minute and by the day.
func (h *Handlers) takeResend(c *fiber.Ctx, address string) error {
	mailed := h.mailed(c, address)
	if err := h.take(c, resendRule, mailed); err != nil {
		return err
	}
	return h.take(c, addressRule, mailed)
}

// waiting opens the flow cookie. A flow for a new address belongs to someone signed in.
func (h *Handlers) waiting(c *fiber.Ctx) (waiting, error) {
	var flow waiting
	if err := h.openCookie(c, flowCookie, &flow); err != nil {
		return waiting{}, err
	}
	access, signedIn := current(c)
	if flow.Email != nil && (!signedIn || access.UserID != flow.Email.UserID) || flow.Email == nil && flow.SignUp == nil {
		return waiting{}, errors.New("handlers: a flow of someone else")
	}
	return flow, nil
}

func (w waiting) form() views.VerifyForm {
	if w.Email != nil {
		return views.VerifyForm{Email: w.Email.Email, Purpose: "email", Next: w.Next}
	}
	return views.VerifyForm{Email: w.SignUp.Email, Purpose: "sign-up", Next: w.Next}
}
