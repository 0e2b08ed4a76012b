package pages

import (
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// fresh reports whether someone signed in a moment ago, as a change to the ways in asks.
func (p *Pages) fresh(c *fiber.Ctx) bool {
	access, _ := web.Current(c)
	return p.Accounts.Fresh(access)
}

// RequireFresh asks for re-authentication where the sign-in is not fresh (step-up): whoever sits down at an open
// laptop must not take the account along. The form that was sent goes on by itself afterwards. Page is where it stands.
func (p *Pages) RequireFresh(page string) web.Guard {
	return web.Pass(func(c *fiber.Ctx) error {
		if p.fresh(c) {
			return c.Next()
		}
		return p.askAgain(c, page)
	})
}

// interrupted is a form that waits for its person to show again who they are, sealed into a cookie. It holds no
// password.
type interrupted struct {
	ID     string     `json:"i"`
	UserID string     `json:"u"`
	Path   string     `json:"p"`
	Values url.Values `json:"v"`
}

const (
	interruptedLife = 10 * time.Minute
	// longestInterrupted bounds what is sealed: a cookie holds 4 KB.
	longestInterrupted = 2000
)

// askAgain keeps the form that was sent and asks its person to show again who they are. Page is where the form
// stands.
func (p *Pages) askAgain(c *fiber.Ctx, page string) error {
	access, _ := web.Current(c)
	form := interrupted{ID: rand.Text(), UserID: access.UserID, Path: c.Path(), Values: url.Values{}}
	c.Context().PostArgs().VisitAll(func(name, value []byte) {
		if field := string(name); field != "password" && field != "current" {
			form.Values.Add(field, string(value))
		}
	})
	if len(form.Values.Encode()) > longestInterrupted {
		return p.Redirect(c, "/confirm?next="+url.QueryEscape(p.To(page)))
	}
	if err := p.SealCookie(c, web.FormCookie, form, interruptedLife); err != nil {
		return err
	}
	return p.Redirect(c, "/confirm?next="+url.QueryEscape(p.To("/confirm/continue?form="+form.ID)))
}

// interruptible are the actions that can go on after re-authentication, by their routes.
func (p *Pages) interruptible() map[string]fiber.Handler {
	return map[string]fiber.Handler{
		"/profile/email":      p.ChangeEmail,
		"/profile/password":   p.ChangePassword,
		"/profile/identities": p.Disconnect,
		"/profile/sessions":   p.EndSessions,
		"/profile/delete":     p.Delete,
	}
}

// linked is the provider of an address that begins linking.
func linked(path string) (provider string, links bool) {
	middle, links := strings.CutSuffix(path, "/link")
	provider, begins := strings.CutPrefix(middle, "/auth/")
	return provider, links && begins
}

// Continue lets an interrupted form go on, once, for the person who sent it. It is a GET that acts, so that it works
// after a redirect from a provider and without scripts; nobody else can cause it (CSRF): it takes the random id
// and the sealed form of this browser together, and a fresh sign-in.
func (p *Pages) Continue(c *fiber.Ctx) error {
	access, _ := web.Current(c)
	var form interrupted
	unknown := p.OpenCookie(c, web.FormCookie, &form)
	p.ClearCookie(c, web.FormCookie)
	if unknown != nil || form.UserID != access.UserID || c.Query("form") != form.ID || !p.fresh(c) {
		return p.Redirect(c, "/profile")
	}
	if provider, links := linked(form.Path); links {
		return p.link(c, provider)
	}
	action, known := p.interruptible()[form.Path]
	if !known {
		return p.Redirect(c, "/profile")
	}
	sent := c.Context().PostArgs()
	sent.Reset()
	for name, values := range form.Values {
		for _, value := range values {
			sent.Add(name, value)
		}
	}
	return action(c)
}

// ConfirmPage asks someone signed in to show again who they are.
func (p *Pages) ConfirmPage(c *fiber.Ctx) error {
	user, form, err := p.confirming(c)
	if err != nil {
		return err
	}
	return p.userForm(c, fiber.StatusOK, user, form.Form())
}

// Confirm takes the password: a new session in place of this one, whose time of authentication is now.
func (p *Pages) Confirm(c *fiber.Ctx) error {
	entered, err := p.Accounts.Reauthenticate(c.UserContext(), p.Caller(c),
		account.OwnPassword{Password: c.FormValue("password")})
	if err == nil {
		return p.Deliver(c, entered, p.Next(c.FormValue("next")))
	}
	user, form, failed := p.confirming(c)
	if failed != nil {
		return failed
	}
	status := fiber.StatusUnprocessableEntity
	if errors.Is(err, account.ErrCredentials) {
		form.PasswordError = web.Say(c, "error.wrong_password")
	} else if status, form.Error = web.Refusal(c, err); status == 0 {
		return err
	}
	return p.userForm(c, status, user, form.Form())
}

// confirming is who has to show again who they are, and by what.
func (p *Pages) confirming(c *fiber.Ctx) (models.User, views.ConfirmForm, error) {
	user, err := p.Accounts.Me(c.UserContext(), p.Caller(c))
	if err != nil {
		return models.User{}, views.ConfirmForm{}, err
	}
	identities, err := p.Accounts.Identities(c.UserContext(), user)
	if err != nil {
		return models.User{}, views.ConfirmForm{}, err
	}
	form := views.ConfirmForm{Email: user.Email, Next: p.Next(c.FormValue("next", c.Query("next"))),
		Sentence: web.Say(c, "confirm.step_up"), Password: user.PasswordHash != ""}
	p.leadsToProviders(c)
	for _, button := range p.providers() {
		for _, identity := range identities {
			if identity.Provider == button.Name {
				form.Providers = append(form.Providers, button)
				break
			}
		}
	}
	return user, form, nil
}
