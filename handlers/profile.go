package handlers

import (
	"errors"
	"net/url"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/models"
	"gatehouse/views"
)

func (h *Handlers) profilePage(c *fiber.Ctx) error {
	user, err := h.me(c)
	if err != nil {
		return err
	}
	if c.Query("section") == "delete" {
		return h.deletePage(c, fiber.StatusOK, user, h.deleteForm(user))
	}
	return h.profileWith(c, fiber.StatusOK, user, func(*views.Profile) {})
}

// profile hands each section's form to its own handler.
func (h *Handlers) profile(c *fiber.Ctx) error {
	user, err := h.me(c)
	if err != nil {
		return err
	}
	switch c.FormValue("section") {
	case "", "details":
		return h.saveDetails(c, user)
	case "picture":
		return h.savePicture(c, user)
	case "email":
		return h.saveEmail(c, user)
	case "password":
		return h.savePassword(c, user)
	case "identities":
		return h.disconnect(c, user)
	case "sessions":
		return h.endSessions(c, user)
	case "delete":
		return h.delete(c, user)
	}
	return fiber.ErrBadRequest
}

// profileWith shows the whole profile, with one section as its handler left it.
func (h *Handlers) profileWith(c *fiber.Ctx, status int, user models.User, change func(*views.Profile)) error {
	identities, err := h.identitiesForm(c, user)
	if err != nil {
		return err
	}
	sessions, err := h.sessionList(c)
	if err != nil {
		return err
	}
	profile := views.Profile{
		Details:    views.ProfileDetailsForm{Name: user.Name, Phone: user.Phone},
		Picture:    pictureForm(user),
		Email:      views.ProfileEmailForm{Current: user.Email},
		Password:   views.ProfilePasswordForm{Email: user.Email, Set: user.PasswordHash != "", PasswordMin: h.PasswordMin},
		Identities: identities,
		Sessions:   sessions,
	}
	change(&profile)
	h.leadsToProviders(c)
	return render(c, status, views.ProfilePage(h.userPage(c, "Profile", user), profile))
}

// section answers one section's form: its fragment to htmx, the whole profile to everyone else.
func (h *Handlers) section(c *fiber.Ctx, status int, user models.User, fragment templ.Component, change func(*views.Profile)) error {
	if htmx(c) {
		return render(c, status, fragment)
	}
	return h.profileWith(c, status, user, change)
}

// saved answers a change that was made: in place to htmx, by a redirect to everyone else, so that a
// reload does not send it again. It leads to the top of the page, where the notice stands.
func saved(c *fiber.Ctx, notice string, fragment templ.Component) error {
	if htmx(c) {
		return render(c, fiber.StatusOK, fragment)
	}
	return redirect(c, "/profile?notice="+notice)
}

func (h *Handlers) saveDetails(c *fiber.Ctx, user models.User) error {
	form := views.ProfileDetailsForm{Name: c.FormValue("name"), Phone: c.FormValue("phone")}
	changed, err := h.Accounts.SetProfile(c.UserContext(), user, form.Name, form.Phone)
	var mistakes account.Mistakes
	if errors.As(err, &mistakes) {
		form.NameError, form.PhoneError = mistakes.Name, mistakes.Phone
		return h.section(c, 422, user, views.ProfileDetails(form), func(p *views.Profile) { p.Details = form })
	}
	if err != nil {
		return err
	}
	h.reclaim(c, changed)
	h.recordOwn(c, models.EventProfileChanged, "")
	form = views.ProfileDetailsForm{Name: changed.Name, Phone: changed.Phone, Notice: notice("saved")}
	return saved(c, "saved", views.ProfileDetails(form))
}

func (h *Handlers) savePassword(c *fiber.Ctx, user models.User) error {
	form := views.ProfilePasswordForm{Email: user.Email, Set: user.PasswordHash != "", PasswordMin: h.PasswordMin}
	again := func(status int) error {
		return h.section(c, status, user, views.ProfilePassword(form), func(p *views.Profile) { p.Password = form })
	}
	access, _ := current(c)
	if !form.Set && !h.recent(access) { // with no current password to ask for, a sign-in says who this is
		return redirect(c, "/confirm?next="+url.QueryEscape("/profile#password-section"))
	}
	if err := h.takeOwn(c); err != nil {
		return h.limitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return again(429)
		})
	}
	if err := h.canEnd(c, user.ID); err != nil {
		return err
	}
	err := h.Accounts.ChangePassword(c.UserContext(), h.lane(c), user, c.FormValue("current"), c.FormValue("password"))
	if errors.Is(err, account.ErrCredentials) {
		err = h.changedBefore(c, user, err)
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
	if _, err := h.Sessions.EndUser(c.UserContext(), user.ID, access.SessionID); err != nil {
		return err
	}
	h.recordOwn(c, models.EventPasswordChanged, "")
	form.Set, form.Notice = true, notice("password")
	return saved(c, "password", views.ProfilePassword(form))
}

// changedBefore answers the second of two presses: the first has set this very password. It looks at a
// second guess, so it counts as one.
func (h *Handlers) changedBefore(c *fiber.Ctx, user models.User, wrong error) error {
	if h.takeOwn(c) != nil {
		return wrong
	}
	return h.Accounts.Confirm(c.UserContext(), h.lane(c), user.ID, c.FormValue("password"))
}

// recordOwn records what a person did to their own account in this session.
func (h *Handlers) recordOwn(c *fiber.Ctx, kind, detail string) {
	access, _ := current(c)
	h.record(c, models.Event{UserID: access.UserID, SessionID: access.SessionID, Kind: kind, Detail: detail})
}
