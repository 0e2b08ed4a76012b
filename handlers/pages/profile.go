package pages

import (
	"errors"
	"net/url"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

func (p *Pages) ProfilePage(c *fiber.Ctx) error {
	user, err := p.me(c)
	if err != nil {
		return err
	}
	if c.Query("section") == "delete" {
		return p.deletePage(c, fiber.StatusOK, user, p.deleteForm(user))
	}
	return p.profileWith(c, fiber.StatusOK, user, func(*views.Profile) {})
}

// Profile hands each section's form to its own handler.
func (p *Pages) Profile(c *fiber.Ctx) error {
	user, err := p.me(c)
	if err != nil {
		return err
	}
	switch c.FormValue("section") {
	case "", "details":
		return p.saveDetails(c, user)
	case "picture":
		return p.savePicture(c, user)
	case "email":
		return p.saveEmail(c, user)
	case "password":
		return p.savePassword(c, user)
	case "identities":
		return p.disconnect(c, user)
	case "sessions":
		return p.endSessions(c, user)
	case "delete":
		return p.delete(c, user)
	}
	return fiber.ErrBadRequest
}

// profileWith shows the whole profile, with one section as its handler left it.
func (p *Pages) profileWith(c *fiber.Ctx, status int, user models.User, change func(*views.Profile)) error {
	identities, err := p.identitiesForm(c, user)
	if err != nil {
		return err
	}
	sessions, err := p.sessionList(c)
	if err != nil {
		return err
	}
	profile := views.Profile{
		Details:    views.ProfileDetailsForm{Name: user.Name, Phone: user.Phone},
		Picture:    pictureForm(user),
		Email:      views.ProfileEmailForm{Current: user.Email},
		Password:   views.ProfilePasswordForm{Email: user.Email, Set: user.PasswordHash != "", PasswordMin: p.PasswordMin},
		Identities: identities,
		Sessions:   sessions,
	}
	change(&profile)
	p.leadsToProviders(c)
	return web.Render(c, status, views.ProfilePage(p.UserPage(c, "Profile", user), profile))
}

// section answers one section's form: its fragment to htmx, the whole profile to everyone else.
func (p *Pages) section(c *fiber.Ctx, status int, user models.User, fragment templ.Component, change func(*views.Profile)) error {
	if web.HTMX(c) {
		return web.Render(c, status, fragment)
	}
	return p.profileWith(c, status, user, change)
}

// saved answers a change that was made: in place to htmx, by a redirect to everyone else, so that a
// reload does not send it again. It leads to the top of the page, where the notice stands.
func saved(c *fiber.Ctx, notice string, fragment templ.Component) error {
	if web.HTMX(c) {
		return web.Render(c, fiber.StatusOK, fragment)
	}
	return web.Redirect(c, "/profile?notice="+notice)
}

func (p *Pages) saveDetails(c *fiber.Ctx, user models.User) error {
	form := views.ProfileDetailsForm{Name: c.FormValue("name"), Phone: c.FormValue("phone")}
	changed, err := p.Accounts.SetProfile(c.UserContext(), user, form.Name, form.Phone)
	var mistakes account.Mistakes
	if errors.As(err, &mistakes) {
		form.NameError, form.PhoneError = mistakes.Name, mistakes.Phone
		return p.section(c, 422, user, views.ProfileDetails(form), func(p *views.Profile) { p.Details = form })
	}
	if err != nil {
		return err
	}
	p.reclaim(c, changed)
	p.RecordOwn(c, models.EventProfileChanged, "")
	form = views.ProfileDetailsForm{Name: changed.Name, Phone: changed.Phone, Notice: web.Notice("saved")}
	return saved(c, "saved", views.ProfileDetails(form))
}

func (p *Pages) savePassword(c *fiber.Ctx, user models.User) error {
	form := views.ProfilePasswordForm{Email: user.Email, Set: user.PasswordHash != "", PasswordMin: p.PasswordMin}
	again := func(status int) error {
		return p.section(c, status, user, views.ProfilePassword(form), func(p *views.Profile) { p.Password = form })
	}
	access, _ := web.Current(c)
	if !form.Set && !p.recent(access) { // with no current password to ask for, a sign-in says who this is
		return web.Redirect(c, "/confirm?next="+url.QueryEscape("/profile#password-section"))
	}
	if err := p.takeOwn(c); err != nil {
		return p.LimitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return again(429)
		})
	}
	if err := p.canEnd(c, user.ID); err != nil {
		return err
	}
	err := p.Accounts.ChangePassword(c.UserContext(), p.lane(c), user, c.FormValue("current"), c.FormValue("password"))
	if errors.Is(err, account.ErrCredentials) {
		err = p.changedBefore(c, user, err)
	}
	var mistakes account.Mistakes
	switch {
	case errors.Is(err, account.ErrCredentials):
		form.CurrentError = "Wrong password."
		return again(422)
	case errors.As(err, &mistakes):
		form.PasswordError = mistakes.Password
		return again(422)
	case err != nil:
		return err
	}
	if _, err := p.Sessions.EndUser(c.UserContext(), user.ID, access.SessionID); err != nil {
		return err
	}
	p.RecordOwn(c, models.EventPasswordChanged, "")
	form.Set, form.Notice = true, web.Notice("password")
	return saved(c, "password", views.ProfilePassword(form))
}

// changedBefore answers the second of two presses: the first has set this very password. It looks at a
// second guess, so it counts as one.
func (p *Pages) changedBefore(c *fiber.Ctx, user models.User, wrong error) error {
	if p.takeOwn(c) != nil {
		return wrong
	}
	return p.Accounts.Confirm(c.UserContext(), p.lane(c), user.ID, c.FormValue("password"))
}
