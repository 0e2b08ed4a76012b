package pages

import (
	"errors"
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"

	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// disconnect takes an identity away, never the last way in. It asks for a recent sign-in.
func (p *Pages) disconnect(c *fiber.Ctx, user models.User) error {
	if access, _ := web.Current(c); !p.recent(access) {
		return web.Redirect(c, "/confirm?next="+url.QueryEscape("/profile#identities"))
	}
	provider := c.FormValue("provider")
	err := p.unlinkOwn(c, user, provider, c.FormValue("subject"))
	last := errors.Is(err, models.ErrLastWayIn)
	if err != nil && !last && !errors.Is(err, models.ErrNotFound) { // gone already: a second press
		return err
	}
	if err == nil {
		p.RecordOwn(c, models.EventUnlinked, provider)
	}
	form, err := p.identitiesForm(c, user)
	if err != nil {
		return err
	}
	if last {
		form.Error = "This is your last way to sign in. Set a password or connect another first."
		return p.section(c, 422, user, views.ProfileIdentities(form), func(p *views.Profile) { p.Identities = form })
	}
	form.Notice = web.Notice("unlinked")
	return saved(c, "unlinked", views.ProfileIdentities(form))
}

// unlinkOwn takes away an identity that is in the person's own list; Postgres would fail at other
// text that was posted.
func (p *Pages) unlinkOwn(c *fiber.Ctx, user models.User, provider, subject string) error {
	own, err := p.DB.Identities.ByUser(c.UserContext(), user.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(own, func(i models.Identity) bool { return i.Provider == provider && i.Subject == subject }) {
		return models.ErrNotFound
	}
	return p.Accounts.Unlink(c.UserContext(), user, provider, subject, p.open())
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
	identities, err := p.DB.Identities.ByUser(c.UserContext(), user.ID)
	if err != nil {
		return views.ProfileIdentitiesForm{}, err
	}
	form := views.ProfileIdentitiesForm{Now: p.Now()}
	labels := map[string]views.Provider{}
	for _, button := range p.providers() {
		labels[button.Name] = button
	}
	connected, password, open := map[string]bool{}, user.PasswordHash != "" && user.Email != "", p.open()
	for i, identity := range identities {
		var others []string
		for j, other := range identities {
			if j != i {
				others = append(others, other.Provider)
			}
		}
		button, configured := labels[identity.Provider]
		if !configured {
			button = views.Provider{Name: identity.Provider, Label: identity.Provider}
		}
		form.Connected = append(form.Connected, views.Connected{Provider: button, Subject: identity.Subject,
			Email: identity.Email, LastUsedAt: identity.LastUsedAt, LastWayIn: models.LastWayIn(password, others, open)})
		connected[identity.Provider] = true
	}
	for _, button := range p.providers() {
		if !connected[button.Name] {
			form.Others = append(form.Others, button)
		}
	}
	return form, nil
}

// endSessions ends one session of this person, or all but this one. Ending this one is signing out; ending
// another asks for a recent sign-in, so that a thief's session cannot put out the owner's (step-up).
func (p *Pages) endSessions(c *fiber.Ctx, user models.User) error {
	access, _ := web.Current(c)
	id := c.FormValue("session")
	if id != access.SessionID && !p.recent(access) {
		return web.Redirect(c, "/confirm?next="+url.QueryEscape("/profile#sessions-section"))
	}
	switch {
	case c.FormValue("action") == "end-others":
		if _, err := p.Sessions.EndUser(c.UserContext(), user.ID, access.SessionID); err != nil {
			return err
		}
		p.RecordOwn(c, models.EventSessionsEnded, "")
	case id == access.SessionID:
		return p.SignOut(c)
	default:
		if err := p.endOwn(c, user, id); err != nil {
			return err
		}
	}
	list, err := p.sessionList(c)
	if err != nil {
		return err
	}
	list.Notice = web.Notice("sessions")
	return saved(c, "sessions", views.Sessions(list))
}

// endOwn ends a session that is in the person's own list, and no other: an id alone proves nothing,
// and the store would spread any text as the id of an ended session. One that is gone was ended by
// an earlier press.
func (p *Pages) endOwn(c *fiber.Ctx, user models.User, id string) error {
	live, err := p.Sessions.List(c.UserContext(), user.ID)
	if err != nil || !slices.ContainsFunc(live, func(s models.Session) bool { return s.ID == id }) {
		return err
	}
	if err := p.Sessions.End(c.UserContext(), user.ID, id); err != nil {
		return err
	}
	p.RecordOwn(c, models.EventSessionEnded, "")
	return nil
}
