package pages

import (
	"errors"
	"slices"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// ProfilePage shows every part of the profile.
func (p *Pages) ProfilePage(c *fiber.Ctx) error {
	user, err := p.Accounts.Me(c.UserContext(), p.Caller(c))
	if err != nil {
		return err
	}
	if c.Query("section") == "delete" {
		return p.userForm(c, fiber.StatusOK, user, deleteForm(user).Form())
	}
	return p.profileWith(c, fiber.StatusOK, user, func(*views.Profile) {})
}

// sections are the parts of the profile whose forms may be posted to /profile by name, as to their own routes.
var sections = []string{"picture", "email", "password", "identities", "sessions", "delete"}

// RouteSection leads a form that is posted to /profile with the name of its section to the section's own route.
func RouteSection(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodPost && c.Path() == "/profile" {
		section := c.FormValue("section")
		switch {
		case slices.Contains(sections, section):
			c.Path("/profile/" + section)
		case section != "" && section != "details":
			return fiber.ErrBadRequest
		}
	}
	return c.Next()
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
		Picture:    p.pictureForm(user),
		Email:      views.ProfileEmailForm{Current: user.Email},
		Password:   p.passwordForm(user),
		Identities: identities,
		Sessions:   sessions,
	}
	change(&profile)
	p.leadsToProviders(c)
	return p.Render(c, status, views.ProfilePage(p.UserPage(c, web.Say(c, "profile.title"), user), profile))
}

// userForm is Form for someone whose row was read.
func (p *Pages) userForm(c *fiber.Ctx, status int, user models.User, form views.Form) error {
	return p.RenderForm(c, status, form.Fragment, form.Whole(p.UserPage(c, web.Say(c, form.Title), user)))
}

// section answers one section's form: its fragment to htmx, the whole profile to everyone else.
func (p *Pages) section(c *fiber.Ctx, status int, user models.User, fragment templ.Component,
	change func(*views.Profile)) error {
	if web.HTMX(c) {
		return p.Render(c, status, fragment)
	}
	return p.profileWith(c, status, user, change)
}

// saved answers a change that was made: in place to htmx, by a redirect to everyone else, so that a
// reload does not send it again. It leads to the top of the page, where the notice stands.
func (p *Pages) saved(c *fiber.Ctx, notice string, fragment templ.Component) error {
	if web.HTMX(c) {
		return p.Render(c, fiber.StatusOK, fragment)
	}
	return p.Redirect(c, "/profile?notice="+notice)
}

// SetProfile changes what a person says of themselves.
func (p *Pages) SetProfile(c *fiber.Ctx) error {
	form := views.ProfileDetailsForm{Name: c.FormValue("name"), Phone: c.FormValue("phone")}
	user, err := p.Accounts.SetProfile(c.UserContext(), p.Caller(c), form.Name, form.Phone)
	var mistakes account.FieldErrors
	if errors.As(err, &mistakes) {
		form.NameError = web.SayError(c, mistakes.Of("name"))
		form.PhoneError = web.SayError(c, mistakes.Of("phone"))
		return p.section(c, 422, user, views.ProfileDetails(form), func(all *views.Profile) { all.Details = form })
	}
	if err != nil {
		return err
	}
	form = views.ProfileDetailsForm{Name: user.Name, Phone: user.Phone, Notice: web.Notice(c, "saved")}
	return p.saved(c, "saved", views.ProfileDetails(form))
}
