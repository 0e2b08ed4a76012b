package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/session"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

func (p *Pages) SignInPage(c *fiber.Ctx) error {
	form := views.SignInForm{Next: web.Next(c.Query("next")), Remember: true, Providers: p.providers()}
	return web.Render(c, fiber.StatusOK, views.SignInPage(p.Page(c, "Sign in"), form))
}

// SignIn tries a password where the strangers' allowance of the account still lasts. Past it the answer is
// the way to a mailed code, to known and unknown addresses, right passwords and wrong ones alike (no
// enumeration, no lockout by strangers).
func (p *Pages) SignIn(c *fiber.Ctx) error {
	form := p.signInForm(c)
	address, err := account.Canonical(form.Email)
	if err != nil {
		form.EmailError = "Enter an address such as name@example.com."
	}
	byCode := c.FormValue("action") == "code"
	if c.FormValue("password") == "" && !byCode {
		form.PasswordError = "Enter your password."
	}
	if form.EmailError+form.PasswordError != "" {
		return p.signInAgain(c, 422, form)
	}
	if byCode {
		return p.askCode(c, address, form)
	}
	guess, allowed := p.takeGuess(c, address)
	if !allowed {
		return p.askCode(c, address, form)
	}
	user, err := p.Accounts.Authenticate(c.UserContext(), guess.lane, address, c.FormValue("password"))
	if err == nil || errors.Is(err, account.ErrBusy) {
		p.giveBack(c, guess)
	}
	switch {
	case errors.Is(err, account.ErrCredentials):
		p.Record(c, models.Event{Kind: models.EventSignInFailed, Detail: account.Mask(address)})
		form.Error = "Wrong email or password."
		return p.signInAgain(c, 422, form)
	case errors.Is(err, account.ErrDisabled):
		form.Error = sayClosed
		return p.signInAgain(c, 422, form)
	case errors.Is(err, account.ErrBusy):
		form.Busy = true
		return p.BusyForm(c, func(sentence string) error {
			form.Error = sentence
			return p.signInAgain(c, fiber.StatusServiceUnavailable, form)
		})
	case err != nil:
		return err
	}
	return p.enter(c, user, session.Arrival{Remember: form.Remember, AMR: []string{"pwd"}}, models.EventSignedIn, form.Next)
}

const sayClosed = "This account is closed. Ask the people who run this site."

// askCode leads to the page that takes a mailed code and the password together.
func (p *Pages) askCode(c *fiber.Ctx, address string, form views.SignInForm) error {
	pending, _, err := p.Accounts.BeginCode(c.UserContext(), address, p.asker(c, address))
	if errors.Is(err, account.ErrBusy) {
		return p.BusyForm(c, func(sentence string) error {
			form.Error = sentence
			return p.signInAgain(c, fiber.StatusServiceUnavailable, form)
		})
	}
	if err != nil {
		return err
	}
	return p.await(c, waiting{SignIn: &pending, Next: form.Next, Remember: form.Remember}, pending.Flow)
}

// enterByCode takes the code and the password of a sign-in that askCode began.
func (p *Pages) enterByCode(c *fiber.Ctx, flow waiting) error {
	user, err := p.Accounts.AuthenticateWithCode(c.UserContext(), *flow.SignIn, c.FormValue("code"), c.FormValue("password"))
	if errors.Is(err, account.ErrCredentials) {
		p.Record(c, models.Event{Kind: models.EventSignInFailed, Detail: account.Mask(flow.SignIn.Email)})
	}
	if err != nil {
		return err
	}
	if err := p.enter(c, user, session.Arrival{Remember: flow.Remember, AMR: []string{"pwd"}}, models.EventSignedIn, flow.Next); err != nil {
		return err
	}
	p.ClearCookie(c, web.FlowCookie)
	return nil
}

func (p *Pages) signInForm(c *fiber.Ctx) views.SignInForm {
	return views.SignInForm{Email: c.FormValue("email"), Remember: c.FormValue("remember") != "",
		Next: web.Next(c.FormValue("next", c.Query("next"))), Providers: p.providers()}
}

func (p *Pages) SignInLimited(c *fiber.Ctx, sentence string) error {
	form := p.signInForm(c)
	form.Error = sentence
	return p.signInAgain(c, 429, form)
}

func (p *Pages) signInAgain(c *fiber.Ctx, status int, form views.SignInForm) error {
	return web.RenderForm(c, status, views.SignIn(form), views.SignInPage(p.Page(c, "Sign in"), form))
}
