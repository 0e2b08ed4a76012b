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

func (p *Pages) VerifyPage(c *fiber.Ctx) error {
	flow, err := p.waiting(c)
	if err != nil {
		return web.Redirect(c, "/sign-up")
	}
	return web.Render(c, fiber.StatusOK, views.VerifyPage(p.Page(c, "Enter the code"), flow.form()))
}

// Verify takes the code of whichever flow this browser's cookie carries.
func (p *Pages) Verify(c *fiber.Ctx) error {
	flow, err := p.waiting(c)
	if err != nil {
		return web.Redirect(c, "/sign-up")
	}
	if c.FormValue("action") == "resend" {
		return p.resend(c, flow)
	}
	form := flow.form()
	switch {
	case flow.Email != nil:
		err = p.proveEmail(c, flow)
	case flow.SignIn != nil:
		form.Code = c.FormValue("code")
		err = p.enterByCode(c, flow)
	default:
		var user models.User
		if user, err = p.Accounts.Verify(c.UserContext(), *flow.SignUp, c.FormValue("code")); err == nil {
			return p.welcome(c, user, flow)
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, models.ErrWrongCode):
		form.CodeError = wrongCode(c.FormValue("code"))
	case errors.Is(err, account.ErrCredentials):
		form.PasswordError = "Wrong password."
	case errors.Is(err, account.ErrDisabled):
		form.Error = sayClosed
	case errors.Is(err, account.ErrBusy):
		return p.BusyForm(c, func(sentence string) error {
			form.Code, form.Error = c.FormValue("code"), sentence
			return p.verifyAgain(c, fiber.StatusServiceUnavailable, form)
		})
	case errors.Is(err, models.ErrSpentCode):
		if done, err := p.doneBefore(c, flow); done || err != nil {
			return err
		}
		form.Spent, form.Error = true, "This code no longer works. Send a new one."
	case errors.Is(err, account.ErrTaken):
		form.Spent, form.Error = true, "This address already has an account. Sign in with it."
	default:
		return err
	}
	return p.verifyAgain(c, 422, form)
}

// doneBefore answers the second of two presses like the first, where the first has done it all.
func (p *Pages) doneBefore(c *fiber.Ctx, flow waiting) (bool, error) {
	switch {
	case flow.SignUp != nil:
		done, err := p.Accounts.SignedUp(c.UserContext(), *flow.SignUp)
		if done || err != nil {
			err = p.signedUpAlready(c, flow, err)
		}
		return done, err
	case flow.Email != nil:
		done, err := p.provenBefore(c, flow)
		if done && err == nil {
			err = p.emailProven(c, flow)
		}
		return done, err
	}
	return false, nil
}

// wrongCode says what is wrong with a code that was typed, or with none.
func wrongCode(typed string) string {
	if strings.TrimSpace(typed) == "" {
		return "Enter the code from the mail."
	}
	return "That is not the code. Look again, or send a new one."
}

// signedUpAlready is for the second of two presses: the first made the user, and its answer with the
// session may be lost. The password gets them in.
func (p *Pages) signedUpAlready(c *fiber.Ctx, flow waiting, err error) error {
	if err != nil {
		return err
	}
	p.ClearCookie(c, web.FlowCookie)
	return web.Redirect(c, web.SignInAt("ready", flow.Next))
}

// provenBefore reports whether the address of the flow is the person's by now.
func (p *Pages) provenBefore(c *fiber.Ctx, flow waiting) (bool, error) {
	user, err := p.me(c)
	return err == nil && user.Email == flow.Email.Email, err
}

// emailProven is the end of a flow for a new address.
func (p *Pages) emailProven(c *fiber.Ctx, flow waiting) error {
	p.ClearCookie(c, web.FlowCookie)
	return web.Redirect(c, flow.Next)
}

func (p *Pages) verifyAgain(c *fiber.Ctx, status int, form views.VerifyForm) error {
	return web.RenderForm(c, status, views.Verify(form), views.VerifyPage(p.Page(c, "Enter the code"), form))
}

// resend begins the flow again, once a minute: with a new code or, past the share of mails that an address
// gets, with those that were sent.
func (p *Pages) resend(c *fiber.Ctx, flow waiting) error {
	form := flow.form()
	if flow.Email != nil {
		done, err := p.provenBefore(c, flow) // in another browser
		if err != nil {
			return err
		}
		if done {
			return p.emailProven(c, flow)
		}
	}
	if err := p.Limits.Try(c.UserContext(), resendRule, flow.code().ID); err != nil {
		return p.LimitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return p.verifyAgain(c, 429, form)
		})
	}
	mailed, err := p.renewCode(c, &flow)
	if err != nil {
		return err
	}
	if err := p.SealCookie(c, web.FlowCookie, flow, account.FlowLife); err != nil {
		return err
	}
	_ = p.Limits.Try(c.UserContext(), resendRule, flow.code().ID)
	form.Notice = resent(mailed)
	return p.verifyAgain(c, fiber.StatusOK, form)
}

// resent says what became of the wish for another code.
func resent(mailed bool) views.Notice {
	if mailed {
		return views.Notice{Kind: "success", Text: "A new code is on its way."}
	}
	return views.Notice{Kind: "info", Text: "Several codes went out to this address already. Enter one of them, or ask again in ten minutes."}
}

func (p *Pages) renewCode(c *fiber.Ctx, flow *waiting) (mailed bool, err error) {
	ctx := c.UserContext()
	switch {
	case flow.SignUp != nil:
		*flow.SignUp, mailed, err = p.Accounts.Resend(ctx, *flow.SignUp, p.asker(c, flow.SignUp.Email))
		return mailed, err
	case flow.SignIn != nil:
		*flow.SignIn, mailed, err = p.Accounts.BeginCode(ctx, flow.SignIn.Email, p.asker(c, flow.SignIn.Email))
		return mailed, err
	}
	user, err := p.me(c)
	if err != nil {
		return false, err
	}
	*flow.Email, mailed, err = p.Accounts.ProposeEmail(ctx, user, flow.Email.Email)
	return mailed, err
}

// waiting opens the flow cookie. A flow for a new address belongs to someone signed in.
func (p *Pages) waiting(c *fiber.Ctx) (waiting, error) {
	var flow waiting
	if err := p.OpenCookie(c, web.FlowCookie, &flow); err != nil {
		return waiting{}, err
	}
	access, signedIn := web.Current(c)
	if flow.Email != nil && (!signedIn || access.UserID != flow.Email.UserID) || flow.Email == nil && flow.SignUp == nil && flow.SignIn == nil {
		return waiting{}, errors.New("handlers: a flow of someone else")
	}
	return flow, nil
}

// code is the flow whose code this waits for.
func (w waiting) code() account.Flow {
	switch {
	case w.Email != nil:
		return w.Email.Flow
	case w.SignIn != nil:
		return w.SignIn.Flow
	}
	return w.SignUp.Flow
}

func (w waiting) form() views.VerifyForm {
	switch {
	case w.Email != nil:
		return views.VerifyForm{Email: w.Email.Email, Purpose: "email", Next: w.Next}
	case w.SignIn != nil:
		return views.VerifyForm{Email: w.SignIn.Email, Purpose: "sign-in", Next: w.Next}
	}
	return views.VerifyForm{Email: w.SignUp.Email, Purpose: "sign-up", Next: w.Next}
}
