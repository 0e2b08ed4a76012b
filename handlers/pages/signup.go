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

// waiting is what the flow cookie carries until its code comes back: a sign-up, a new address for someone
// signed in, or a sign-in that takes a code beside the password.
type waiting struct {
	SignUp   *account.Pending     `json:"u,omitempty"`
	Email    *account.EmailChange `json:"e,omitempty"`
	SignIn   *account.CodeSignIn  `json:"s,omitempty"`
	Next     string               `json:"n"`
	Remember bool                 `json:"r,omitempty"`
}

func (p *Pages) SignUpPage(c *fiber.Ctx) error {
	form := views.SignUpForm{Next: web.Next(c.Query("next")), Remember: true, Providers: p.providers(), PasswordMin: p.PasswordMin}
	return web.Render(c, fiber.StatusOK, views.SignUpPage(p.Page(c, "Create your account"), form))
}

// SignUp answers known and unknown addresses alike: a code is on its way to whoever owns it.
func (p *Pages) SignUp(c *fiber.Ctx) error {
	form := p.signUpForm(c)
	var asker account.Asker
	if _, err := p.Accounts.Judge(form.Name, form.Email, c.FormValue("password")); err == nil { // mistakes send no mail
		asker = p.asker(c, form.Email)
	}
	pending, err := p.Accounts.Register(c.UserContext(), form.Name, form.Email, c.FormValue("password"), asker)
	var mistakes account.Mistakes
	if errors.As(err, &mistakes) {
		form.NameError, form.EmailError, form.PasswordError = mistakes.Name, mistakes.Email, mistakes.Password
		return p.signUpAgain(c, 422, form)
	}
	if errors.Is(err, account.ErrBusy) {
		return p.BusyForm(c, func(sentence string) error {
			form.Error = sentence
			return p.signUpAgain(c, fiber.StatusServiceUnavailable, form)
		})
	}
	if err != nil {
		return err
	}
	return p.await(c, waiting{SignUp: &pending, Next: form.Next, Remember: form.Remember}, pending.Flow)
}

func (p *Pages) signUpForm(c *fiber.Ctx) views.SignUpForm {
	return views.SignUpForm{Name: c.FormValue("name"), Email: c.FormValue("email"), Remember: c.FormValue("remember") != "",
		Next: web.Next(c.FormValue("next", c.Query("next"))), Providers: p.providers(), PasswordMin: p.PasswordMin}
}

func (p *Pages) SignUpLimited(c *fiber.Ctx, sentence string) error {
	form := p.signUpForm(c)
	form.Error = sentence
	return p.signUpAgain(c, 429, form)
}

func (p *Pages) signUpAgain(c *fiber.Ctx, status int, form views.SignUpForm) error {
	return web.RenderForm(c, status, views.SignUp(form), views.SignUpPage(p.Page(c, "Create your account"), form))
}

// await keeps a flow in the browser's cookie and asks for its code. The next code waits a minute.
func (p *Pages) await(c *fiber.Ctx, flow waiting, code account.Flow) error {
	if err := p.SealCookie(c, web.FlowCookie, flow, account.FlowLife); err != nil {
		return err
	}
	_ = p.Limits.Try(c.UserContext(), resendRule, code.ID) // counted here, refused when another is asked for
	return web.Redirect(c, "/verify")
}

// welcome is the end of a sign-up: the address is proven, the user is there.
func (p *Pages) welcome(c *fiber.Ctx, user models.User, flow waiting) error {
	if err := p.enter(c, user, session.Arrival{Remember: flow.Remember, AMR: []string{"pwd"}}, models.EventSignedUp, flow.Next); err != nil {
		return err // with the cookie kept, the next press says that the account is ready
	}
	p.ClearCookie(c, web.FlowCookie)
	return nil
}
