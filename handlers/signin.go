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

// strangersForm is perClientForm, but a browser that has signed in to the account before counts by itself:
// those behind one address must not be kept out by a guesser among them.
func (h *Handlers) strangersForm(rule rule, again func(c *fiber.Ctx, sentence string) error) fiber.Handler {
	limited := h.perClientForm(rule, again)
	return func(c *fiber.Ctx) error {
		if address, err := account.Canonical(c.FormValue("email")); err == nil {
			if device, knows := h.device(c, address); knows && h.take(c, browserRule, device+address) == nil {
				return c.Next()
			}
		}
		return limited(c)
	}
}

// signIn tries a password where the strangers' allowance of the account still lasts. Past it the answer is
// the way to a mailed code, to known and unknown addresses, right passwords and wrong ones alike (no
// enumeration, no lockout by strangers).
func (h *Handlers) signIn(c *fiber.Ctx) error {
	form := h.signInForm(c)
	address, err := account.Canonical(form.Email)
	if err != nil {
		form.EmailError = "Enter an address such as name@example.com."
	}
	byCode := c.FormValue("action") == "code"
	if c.FormValue("password") == "" && !byCode {
		form.PasswordError = "Enter your password."
	}
	if form.EmailError+form.PasswordError != "" {
		return h.signInAgain(c, 422, form)
	}
	if byCode {
		return h.askCode(c, address, form)
	}
	guess, allowed := h.takeGuess(c, address)
	if !allowed {
		return h.askCode(c, address, form)
	}
	user, err := h.Accounts.Authenticate(c.UserContext(), guess.lane, address, c.FormValue("password"))
	if err == nil || errors.Is(err, account.ErrBusy) {
		h.giveBack(c, guess)
	}
	switch {
	case errors.Is(err, account.ErrCredentials):
		h.record(c, models.Event{Kind: models.EventSignInFailed, Detail: account.Mask(address)})
		form.Error = "Wrong email or password."
		return h.signInAgain(c, 422, form)
	case errors.Is(err, account.ErrDisabled):
		form.Error = sayClosed
		return h.signInAgain(c, 422, form)
	case errors.Is(err, account.ErrBusy):
		form.Busy = true
		return h.busyForm(c, func(sentence string) error {
			form.Error = sentence
			return h.signInAgain(c, fiber.StatusServiceUnavailable, form)
		})
	case err != nil:
		return err
	}
	return h.enter(c, user, session.Arrival{Remember: form.Remember, AMR: []string{"pwd"}}, models.EventSignedIn, form.Next)
}

const sayClosed = "This account is closed. Ask the people who run this site."

// askCode leads to the page that takes a mailed code and the password together.
func (h *Handlers) askCode(c *fiber.Ctx, address string, form views.SignInForm) error {
	pending, _, err := h.Accounts.BeginCode(c.UserContext(), address, h.asker(c, address))
	if errors.Is(err, account.ErrBusy) {
		return h.busyForm(c, func(sentence string) error {
			form.Error = sentence
			return h.signInAgain(c, fiber.StatusServiceUnavailable, form)
		})
	}
	if err != nil {
		return err
	}
	return h.await(c, waiting{SignIn: &pending, Next: form.Next, Remember: form.Remember}, pending.Flow)
}

// enterByCode takes the code and the password of a sign-in that askCode began.
func (h *Handlers) enterByCode(c *fiber.Ctx, flow waiting) error {
	user, err := h.Accounts.AuthenticateWithCode(c.UserContext(), *flow.SignIn, c.FormValue("code"), c.FormValue("password"))
	if errors.Is(err, account.ErrCredentials) {
		h.record(c, models.Event{Kind: models.EventSignInFailed, Detail: account.Mask(flow.SignIn.Email)})
	}
	if err != nil {
		return err
	}
	if err := h.enter(c, user, session.Arrival{Remember: flow.Remember, AMR: []string{"pwd"}}, models.EventSignedIn, flow.Next); err != nil {
		return err
	}
	h.clearCookie(c, flowCookie)
	return nil
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

// busyForm is limitedForm for a moment when more is asked than can be done.
func (h *Handlers) busyForm(c *fiber.Ctx, again func(sentence string) error) error {
	c.Set(fiber.HeaderRetryAfter, "2")
	return again(sayBusy)
}

const sayBusy = "Many people are signing in at once. Try again in a moment."
