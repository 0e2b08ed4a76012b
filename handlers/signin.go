package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/session"
	"gatehouse/models"
	"gatehouse/views"
)

func (h *Handlers) signInPage(c *fiber.Ctx) error {
	form := views.SignInForm{Next: next(c.Query("next")), Remember: true, Providers: h.providers()}
	return render(c, fiber.StatusOK, views.SignInPage(h.page(c, "Sign in"), form))
}

func (h *Handlers) signIn(c *fiber.Ctx) error {
	form := h.signInForm(c)
	address, err := account.Canonical(form.Email)
	if err != nil {
		form.EmailError = "Enter an address such as name@example.com."
	}
	if c.FormValue("password") == "" {
		form.PasswordError = "Enter your password."
	}
	if form.EmailError+form.PasswordError != "" {
		return h.signInAgain(c, 422, form)
	}
	if err := h.takeAccount(c, address); err != nil {
		return h.limitedForm(c, err, func(sentence string) error { return h.signInLimited(c, sentence) })
	}
	user, err := h.Accounts.Authenticate(c.UserContext(), address, c.FormValue("password"))
	switch {
	case errors.Is(err, account.ErrCredentials):
		h.record(c, models.Event{Kind: models.EventSignInFailed, Detail: account.Mask(address)})
		form.Error = "Wrong email or password."
		return h.signInAgain(c, 422, form)
	case errors.Is(err, account.ErrDisabled):
		form.Error = "This account is closed. Ask the people who run this site."
		return h.signInAgain(c, 422, form)
	case err != nil:
		return err
	}
	return h.enter(c, user, session.Arrival{Remember: form.Remember, AMR: "pwd"}, models.EventSignedIn, form.Next)
}

func (h *Handlers) signInForm(c *fiber.Ctx) views.SignInForm {
	return views.SignInForm{Email: c.FormValue("email"), Remember: c.FormValue("remember") != "",
		Next: next(c.FormValue("next", c.Query("next"))), Providers: h.providers()}
}

func (h *Handlers) signInLimited(c *fiber.Ctx, sentence string) error {
	form := h.signInForm(c)
	form.Error = sentence
	return h.signInAgain(c, 429, form)
}

func (h *Handlers) signInAgain(c *fiber.Ctx, status int, form views.SignInForm) error {
	return renderForm(c, status, views.SignIn(form), views.SignInPage(h.page(c, "Sign in"), form))
}

// limitedForm shows a limit on the form it was met on, so that nothing typed is lost.
func (h *Handlers) limitedForm(c *fiber.Ctx, err error, again func(sentence string) error) error {
	var limited tooMany
	if !errors.As(err, &limited) {
		return err
	}
	h.problem(c, limited) // sets Retry-After
	return again(limited.sentence())
}
