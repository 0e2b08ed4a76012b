package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// waiting is what the flow cookie carries until its code comes back: a sign-up, a new address for someone
// signed in, or a sign-in that takes a code beside the password.
type waiting struct {
	SignUp   *account.PendingSignUp `json:"u,omitempty"`
	Email    *account.EmailChange   `json:"e,omitempty"`
	SignIn   *account.CodeSignIn    `json:"s,omitempty"`
	Next     string                 `json:"n"`
	Remember bool                   `json:"r,omitempty"`
}

// step is what one kind of flow does with its code.
type step interface {
	// form is the page that asks for the code.
	form() views.VerifyForm
	// take takes the code that was posted, and answers.
	take(p *Pages, c *fiber.Ctx) error
	// resend begins the flow again; mailed is false where codes were mailed before.
	resend(p *Pages, c *fiber.Ctx) (again waiting, mailed bool, err error)
	// done answers a second press like the first, where the first has done it all.
	done(p *Pages, c *fiber.Ctx) (bool, error)
}

func (w waiting) step() step {
	switch {
	case w.Email != nil:
		return emailStep{w}
	case w.SignIn != nil:
		return signInStep{w}
	}
	return signUpStep{w}
}

var errNoFlow = errors.New("pages: no flow, or someone else's")

// waiting opens the flow cookie. A flow for a new address belongs to someone signed in.
func (p *Pages) waiting(c *fiber.Ctx) (waiting, error) {
	var flow waiting
	if err := p.OpenCookie(c, web.FlowCookie, &flow); err != nil {
		return waiting{}, err
	}
	access, signedIn := web.Current(c)
	elses := flow.Email != nil && (!signedIn || access.UserID != flow.Email.UserID)
	if elses || flow.Email == nil && flow.SignUp == nil && flow.SignIn == nil {
		return waiting{}, errNoFlow
	}
	return flow, nil
}

// await keeps a flow in the browser's cookie and asks for its code.
func (p *Pages) await(c *fiber.Ctx, flow waiting) error {
	if err := p.SealCookie(c, web.FlowCookie, flow, account.FlowLife); err != nil {
		return err
	}
	return p.Redirect(c, "/verify")
}

// signUpStep is the end of a sign-up: the address is proven, the user is there.
type signUpStep struct{ waiting }

func (s signUpStep) form() views.VerifyForm {
	return views.VerifyForm{Email: s.SignUp.Email, Purpose: "sign-up", Next: s.Next}
}

func (s signUpStep) take(p *Pages, c *fiber.Ctx) error {
	return p.signInByCode(c, s.Next, account.SignUpCode{Pending: *s.SignUp, Code: c.FormValue("code"),
		Remember: s.Remember})
}

func (s signUpStep) resend(p *Pages, c *fiber.Ctx) (waiting, bool, error) {
	again, mailed, err := p.Accounts.ResendSignUp(c.UserContext(), p.Caller(c), *s.SignUp)
	s.SignUp = &again
	return s.waiting, mailed, err
}

// done is for the second of two presses: the first made the user, and its answer with the session may be lost. The
// password gets them in.
func (s signUpStep) done(p *Pages, c *fiber.Ctx) (bool, error) {
	made, err := p.Accounts.SignedUp(c.UserContext(), *s.SignUp)
	if !made || err != nil {
		return false, err
	}
	p.ClearCookie(c, web.FlowCookie)
	return true, p.Redirect(c, web.SignInAt("ready", s.Next))
}

// signInStep is a sign-in that takes a code and the password together.
type signInStep struct{ waiting }

func (s signInStep) form() views.VerifyForm {
	return views.VerifyForm{Email: s.SignIn.Email, Purpose: "sign-in", Next: s.Next}
}

func (s signInStep) take(p *Pages, c *fiber.Ctx) error {
	return p.signInByCode(c, s.Next, account.CodeAndPassword{Pending: *s.SignIn, Code: c.FormValue("code"),
		Password: c.FormValue("password"), Remember: s.Remember})
}

func (s signInStep) resend(p *Pages, c *fiber.Ctx) (waiting, bool, error) {
	again, mailed, err := p.Accounts.ResendCode(c.UserContext(), p.Caller(c), *s.SignIn)
	s.SignIn = &again
	return s.waiting, mailed, err
}

func (signInStep) done(*Pages, *fiber.Ctx) (bool, error) { return false, nil }

// signInByCode enters with a code. The cookie stays until the session is there: the next press says what became of
// the first.
func (p *Pages) signInByCode(c *fiber.Ctx, next string, proof account.Proof) error {
	entered, err := p.Accounts.SignIn(c.UserContext(), p.Caller(c), proof)
	if err != nil {
		return err
	}
	p.ClearCookie(c, web.FlowCookie)
	return p.Deliver(c, entered, next)
}

// emailStep proves a new address of someone signed in.
type emailStep struct{ waiting }

func (s emailStep) form() views.VerifyForm {
	return views.VerifyForm{Email: s.Email.Email, Purpose: "email", Next: s.Next}
}

func (s emailStep) take(p *Pages, c *fiber.Ctx) error {
	if err := p.Accounts.ProveEmail(c.UserContext(), p.Caller(c), *s.Email, c.FormValue("code")); err != nil {
		return err
	}
	return s.over(p, c)
}

func (s emailStep) resend(p *Pages, c *fiber.Ctx) (waiting, bool, error) {
	again, mailed, err := p.Accounts.ResendEmail(c.UserContext(), p.Caller(c), *s.Email)
	s.Email = &again
	return s.waiting, mailed, err
}

// done is for an address that is the person's by now, perhaps by another browser.
func (s emailStep) done(p *Pages, c *fiber.Ctx) (bool, error) {
	user, err := p.Accounts.Me(c.UserContext(), p.Caller(c))
	if err != nil || user.Email != s.Email.Email {
		return false, err
	}
	return true, s.over(p, c)
}

func (s emailStep) over(p *Pages, c *fiber.Ctx) error {
	p.ClearCookie(c, web.FlowCookie)
	return web.Leave(c, s.Next)
}
