package pages

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// Disconnect takes an identity away, never the last way in.
func (p *Pages) Disconnect(c *fiber.Ctx) error {
	err := p.Accounts.Unlink(c.UserContext(), p.Caller(c), c.FormValue("provider"), c.FormValue("subject"), p.open())
	last, refused := errors.Is(err, models.ErrLastWayIn), account.Refused(err)
	if err != nil && !last && !errors.Is(err, models.ErrNotFound) { // gone already: a second press
		return err
	}
	user, err := p.Accounts.Me(c.UserContext(), p.Caller(c))
	if err != nil {
		return err
	}
	form, err := p.identitiesForm(c, user)
	if err != nil {
		return err
	}
	if last {
		form.Error = web.SayError(c, refused)
		return p.section(c, fiber.StatusUnprocessableEntity, user, views.ProfileIdentities(form),
			func(all *views.Profile) { all.Identities = form })
	}
	form.Notice = web.Notice(c, "unlinked")
	return p.saved(c, "unlinked", views.ProfileIdentities(form))
}

// open are the providers that people can sign in with now.
func (p *Pages) open() []string {
	var open []string
	for _, name := range p.Providers.Names() {
		open = append(open, name.Provider)
	}
	return open
}

// identitiesForm is what is connected and what could be.
func (p *Pages) identitiesForm(c *fiber.Ctx, user models.User) (views.ProfileIdentitiesForm, error) {
	identities, err := p.Accounts.Identities(c.UserContext(), user)
	if err != nil {
		return views.ProfileIdentitiesForm{}, err
	}
	form := views.ProfileIdentitiesForm{Now: p.Now()}
	buttons, connected := p.providers(), map[string]bool{}
	password, open := user.PasswordHash != "" && user.Email != "", p.open()
	for i, identity := range identities {
		form.Connected = append(form.Connected, views.Connected{Provider: button(buttons, identity.Provider),
			Subject: identity.Subject,
			Email:   identity.Email, LastUsedAt: identity.LastUsedAt, LastWayIn: models.LastWayIn(password,
				others(identities, i), open)})
		connected[identity.Provider] = true
	}
	for _, other := range buttons {
		if !connected[other.Name] {
			form.Others = append(form.Others, other)
		}
	}
	return form, nil
}

// button is a provider's, or its name alone where it has none any more.
func button(buttons []views.Provider, name string) views.Provider {
	for _, one := range buttons {
		if one.Name == name {
			return one
		}
	}
	return views.Provider{Name: name, Label: name}
}

// others are the providers of all identities but one.
func others(identities []models.Identity, but int) []string {
	var others []string
	for i, identity := range identities {
		if i != but {
			others = append(others, identity.Provider)
		}
	}
	return others
}
