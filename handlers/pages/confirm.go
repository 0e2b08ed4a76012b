package pages

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/handlers/web"
	"gatehouse/models"
	"gatehouse/views"
)

// recently is how fresh a sign-in has to be for a change to the ways in.
const recently = 10 * time.Minute

var errAnotherIdentity = errors.New("handlers: not an identity of this account")

func (p *Pages) recent(access token.Access) bool { return p.Now().Sub(access.AuthTime) <= recently }

// ConfirmPage asks someone signed in to show again who they are.
func (p *Pages) ConfirmPage(c *fiber.Ctx) error {
	user, form, err := p.confirming(c)
	if err != nil {
		return err
	}
	return web.Render(c, fiber.StatusOK, views.ConfirmPage(p.UserPage(c, "Confirm it is you", user), form))
}

// Confirm begins a new session in place of this one, so its time of sign-in is now.
func (p *Pages) Confirm(c *fiber.Ctx) error {
	user, form, err := p.confirming(c)
	if err != nil {
		return err
	}
	if err := p.takeOwn(c); err != nil {
		return p.LimitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return p.confirmAgain(c, 429, user, form)
		})
	}
	err = p.Accounts.Confirm(c.UserContext(), p.lane(c), user.ID, c.FormValue("password"))
	if errors.Is(err, account.ErrCredentials) {
		form.PasswordError = "Wrong password."
		return p.confirmAgain(c, 422, user, form)
	}
	if err != nil {
		return err
	}
	return p.enterAgain(c, user, session.Arrival{AMR: []string{"pwd"}}, form.Next)
}

// confirmedBy is confirm by a provider: only an identity that already signs in this user will do.
func (p *Pages) confirmedBy(c *fiber.Ctx, user models.User, identity models.Identity, to string) error {
	kept, err := p.DB.Identities.Find(c.UserContext(), identity.Provider, identity.Subject)
	if errors.Is(err, models.ErrNotFound) || err == nil && kept.UserID != user.ID {
		return errAnotherIdentity
	}
	if err != nil {
		return err
	}
	return p.enterAgain(c, user, session.Arrival{AMR: []string{"fed"}, Provider: identity.Provider}, to)
}

// enterAgain keeps what the person chose when they signed in first.
func (p *Pages) enterAgain(c *fiber.Ctx, user models.User, how session.Arrival, to string) error {
	now, err := p.thisSession(c)
	if err != nil {
		return err
	}
	how.Remember = now.Remembered
	return p.enter(c, user, how, models.EventSignedIn, to)
}

func (p *Pages) confirmAgain(c *fiber.Ctx, status int, user models.User, form views.ConfirmForm) error {
	return web.RenderForm(c, status, views.Confirm(form), views.ConfirmPage(p.UserPage(c, "Confirm it is you", user), form))
}

// confirming is who has to confirm, and by what.
func (p *Pages) confirming(c *fiber.Ctx) (models.User, views.ConfirmForm, error) {
	user, err := p.me(c)
	if err != nil {
		return models.User{}, views.ConfirmForm{}, err
	}
	identities, err := p.DB.Identities.ByUser(c.UserContext(), user.ID)
	if err != nil {
		return models.User{}, views.ConfirmForm{}, err
	}
	form := views.ConfirmForm{Action: "/confirm", Email: user.Email, Next: web.Next(c.FormValue("next", c.Query("next"))),
		Sentence: "This change needs a sign-in from the last 10 minutes.", Password: user.PasswordHash != ""}
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
