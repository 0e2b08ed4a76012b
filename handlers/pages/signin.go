package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// SignInPage shows the ways in.
func (p *Pages) SignInPage(c *fiber.Ctx) error {
	form := views.SignInForm{Next: p.Next(c.Query("next")), Remember: true, Providers: p.providers()}
	return p.Form(c, fiber.StatusOK, form.Form())
}

// SignIn tries a password, or mails a code where one is asked for or the strangers' allowance of the account is used
// up: known and unknown addresses get the same answer (no enumeration, no lockout by strangers).
func (p *Pages) SignIn(c *fiber.Ctx) error {
	form := p.signInForm(c)
	if c.FormValue("action") == "code" {
		pending, err := p.Accounts.BeginCode(c.UserContext(), p.Caller(c), form.Email)
		if err != nil {
			return p.signInRefused(c, form, err)
		}
		return p.await(c, waiting{SignIn: &pending, Next: form.Next, Remember: form.Remember})
	}
	entered, err := p.Accounts.SignIn(c.UserContext(), p.Caller(c),
		account.Password{Email: form.Email, Password: c.FormValue("password"), Remember: form.Remember})
	var needed account.CodeNeeded
	if errors.As(err, &needed) {
		return p.await(c, waiting{SignIn: &needed.Pending, Next: form.Next, Remember: form.Remember})
	}
	if err != nil {
		return p.signInRefused(c, form, err)
	}
	return p.Deliver(c, entered, form.Next)
}

func (p *Pages) signInRefused(c *fiber.Ctx, form views.SignInForm, err error) error {
	var mistakes account.FieldErrors
	if errors.As(err, &mistakes) {
		form.EmailError = web.SayError(c, mistakes.Of("email"))
		form.PasswordError = web.SayError(c, mistakes.Of("password"))
		return p.Form(c, fiber.StatusUnprocessableEntity, form.Form())
	}
	form.Busy = errors.Is(err, account.ErrBusy)
	return p.Refuse(c, err, func(sentence string) views.Form { return p.signInSaying(form, sentence) })
}

// SignInAgain is the form as it was sent, with a sentence.
func (p *Pages) SignInAgain(c *fiber.Ctx, sentence string) views.Form {
	return p.signInSaying(p.signInForm(c), sentence)
}

func (p *Pages) signInSaying(form views.SignInForm, sentence string) views.Form {
	form.Error = sentence
	return form.Form()
}

func (p *Pages) signInForm(c *fiber.Ctx) views.SignInForm {
	return views.SignInForm{Email: c.FormValue("email"), Remember: c.FormValue("remember") != "",
		Next: p.Next(c.FormValue("next", c.Query("next"))), Providers: p.providers()}
}
