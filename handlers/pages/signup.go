package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// SignUpPage shows the form of a sign-up.
func (p *Pages) SignUpPage(c *fiber.Ctx) error {
	form := views.SignUpForm{Next: p.Next(c.Query("next")), Remember: true, Providers: p.providers(),
		PasswordMin: p.PasswordMin}
	return p.Form(c, fiber.StatusOK, form.Form())
}

// SignUp answers known and unknown addresses alike (no enumeration): a code is on its way to whoever owns it.
func (p *Pages) SignUp(c *fiber.Ctx) error {
	form := p.signUpForm(c)
	pending, err := p.Accounts.BeginSignUp(c.UserContext(), p.Caller(c), form.Name, form.Email, c.FormValue("password"))
	var mistakes account.FieldErrors
	if errors.As(err, &mistakes) {
		form.NameError = web.SayError(c, mistakes.Of("name"))
		form.EmailError = web.SayError(c, mistakes.Of("email"))
		form.PasswordError = web.SayError(c, mistakes.Of("password"))
		return p.Form(c, fiber.StatusUnprocessableEntity, form.Form())
	}
	if err != nil {
		return p.Refuse(c, err, func(sentence string) views.Form { return p.signUpSaying(form, sentence) })
	}
	return p.await(c, waiting{SignUp: &pending, Next: form.Next, Remember: form.Remember})
}

// SignUpAgain is the form as it was sent, with a sentence.
func (p *Pages) SignUpAgain(c *fiber.Ctx, sentence string) views.Form {
	return p.signUpSaying(p.signUpForm(c), sentence)
}

func (p *Pages) signUpSaying(form views.SignUpForm, sentence string) views.Form {
	form.Error = sentence
	return form.Form()
}

func (p *Pages) signUpForm(c *fiber.Ctx) views.SignUpForm {
	return views.SignUpForm{Name: c.FormValue("name"), Email: c.FormValue("email"),
		Remember: c.FormValue("remember") != "",
		Next:     p.Next(c.FormValue("next", c.Query("next"))), Providers: p.providers(), PasswordMin: p.PasswordMin}
}
