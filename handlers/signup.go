package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/session"
	"gatehouse/models"
	"gatehouse/views"
)

// waiting is what the flow cookie carries until its code comes back: a sign-up, a new address for someone
// signed in, or a sign-in that takes a code beside the password.
type waiting struct {
	SignUp   *account.Pending     `json:"u,omitempty"`
	Email    *account.EmailChange `json:"e,omitempty"`
	SignIn   *account.CodeSignIn  `json:"s,omitempty"`
	Next     string               `json:"n"`
	Remember bool                 `json:"r,omitempty"`
}

func (h *Handlers) signUpPage(c *fiber.Ctx) error {
	form := views.SignUpForm{Next: next(c.Query("next")), Remember: true, Providers: h.providers(), PasswordMin: h.PasswordMin}
	return render(c, fiber.StatusOK, views.SignUpPage(h.page(c, "Create your account"), form))
}

// signUp answers known and unknown addresses alike: a code is on its way to whoever owns it.
func (h *Handlers) signUp(c *fiber.Ctx) error {
	form := h.signUpForm(c)
	var asker account.Asker
	if _, err := h.Accounts.Judge(form.Name, form.Email, c.FormValue("password")); err == nil { // mistakes send no mail
		asker = h.asker(c, form.Email)
	}
	pending, err := h.Accounts.Register(c.UserContext(), form.Name, form.Email, c.FormValue("password"), asker)
	var mistakes account.Mistakes
	if errors.As(err, &mistakes) {
		form.NameError, form.EmailError, form.PasswordError = mistakes.Name, mistakes.Email, mistakes.Password
		return h.signUpAgain(c, 422, form)
	}
	if errors.Is(err, account.ErrBusy) {
		return h.busyForm(c, func(sentence string) error {
			form.Error = sentence
			return h.signUpAgain(c, fiber.StatusServiceUnavailable, form)
		})
	}
	if err != nil {
		return err
	}
	return h.await(c, waiting{SignUp: &pending, Next: form.Next, Remember: form.Remember}, pending.Flow)
}

func (h *Handlers) signUpForm(c *fiber.Ctx) views.SignUpForm {
	return views.SignUpForm{Name: c.FormValue("name"), Email: c.FormValue("email"), Remember: c.FormValue("remember") != "",
		Next: next(c.FormValue("next", c.Query("next"))), Providers: h.providers(), PasswordMin: h.PasswordMin}
}

func (h *Handlers) signUpLimited(c *fiber.Ctx, sentence string) error {
	form := h.signUpForm(c)
	form.Error = sentence
	return h.signUpAgain(c, 429, form)
}

func (h *Handlers) signUpAgain(c *fiber.Ctx, status int, form views.SignUpForm) error {
	return renderForm(c, status, views.SignUp(form), views.SignUpPage(h.page(c, "Create your account"), form))
}

// await keeps a flow in the browser's cookie and asks for its code. The next code waits a minute.
func (h *Handlers) await(c *fiber.Ctx, flow waiting, code account.Flow) error {
	if err := h.sealCookie(c, flowCookie, flow, account.FlowLife); err != nil {
		return err
	}
	_ = h.take(c, resendRule, code.ID) // counted here, refused when another is asked for
	return redirect(c, "/verify")
}

// welcome is the end of a sign-up: the address is proven, the user is there.
func (h *Handlers) welcome(c *fiber.Ctx, user models.User, flow waiting) error {
	if err := h.enter(c, user, session.Arrival{Remember: flow.Remember, AMR: []string{"pwd"}}, models.EventSignedUp, flow.Next); err != nil {
		return err // with the cookie kept, the next press says that the account is ready
	}
	h.clearCookie(c, flowCookie)
	return nil
}
