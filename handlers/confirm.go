package handlers

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/models"
	"gatehouse/views"
)

// recently is how fresh a sign-in has to be for a change to the ways in.
const recently = 10 * time.Minute

var errAnotherIdentity = errors.New("handlers: not an identity of this account")

func (h *Handlers) recent(access token.Access) bool { return h.Now().Sub(access.AuthTime) <= recently }

// confirmPage asks someone signed in to show again who they are.
func (h *Handlers) confirmPage(c *fiber.Ctx) error {
	user, form, err := h.confirming(c)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.ConfirmPage(h.userPage(c, "Confirm it is you", user), form))
}

// confirm begins a new session in place of this one, so its time of sign-in is now.
func (h *Handlers) confirm(c *fiber.Ctx) error {
	user, form, err := h.confirming(c)
	if err != nil {
		return err
	}
	if err := h.takeOwn(c); err != nil {
		return h.limitedForm(c, err, func(sentence string) error {
			form.Error = sentence
			return h.confirmAgain(c, 429, user, form)
		})
	}
	err = h.Accounts.Confirm(c.UserContext(), h.lane(c), user.ID, c.FormValue("password"))
	if errors.Is(err, account.ErrCredentials) {
		form.PasswordError = "Wrong password."
		return h.confirmAgain(c, 422, user, form)
	}
	if err != nil {
		return err
	}
	return h.enterAgain(c, user, session.Arrival{AMR: []string{"pwd"}}, form.Next)
}

// confirmedBy is confirm by a provider: only an identity that already signs in this user will do.
func (h *Handlers) confirmedBy(c *fiber.Ctx, user models.User, identity models.Identity, to string) error {
	kept, err := h.DB.Identities.Find(c.UserContext(), identity.Provider, identity.Subject)
	if errors.Is(err, models.ErrNotFound) || err == nil && kept.UserID != user.ID {
		return errAnotherIdentity
	}
	if err != nil {
		return err
	}
	return h.enterAgain(c, user, session.Arrival{AMR: []string{"fed"}, Provider: identity.Provider}, to)
}

// enterAgain keeps what the person chose when they signed in first.
func (h *Handlers) enterAgain(c *fiber.Ctx, user models.User, how session.Arrival, to string) error {
	now, err := h.thisSession(c)
	if err != nil {
		return err
	}
	how.Remember = now.Remembered
	return h.enter(c, user, how, models.EventSignedIn, to)
}

func (h *Handlers) confirmAgain(c *fiber.Ctx, status int, user models.User, form views.ConfirmForm) error {
	return renderForm(c, status, views.Confirm(form), views.ConfirmPage(h.userPage(c, "Confirm it is you", user), form))
}

// confirming is who has to confirm, and by what.
func (h *Handlers) confirming(c *fiber.Ctx) (models.User, views.ConfirmForm, error) {
	user, err := h.me(c)
	if err != nil {
		return models.User{}, views.ConfirmForm{}, err
	}
	identities, err := h.DB.Identities.ByUser(c.UserContext(), user.ID)
	if err != nil {
		return models.User{}, views.ConfirmForm{}, err
	}
	form := views.ConfirmForm{Action: "/confirm", Email: user.Email, Next: next(c.FormValue("next", c.Query("next"))),
		Sentence: "This change needs a sign-in from the last 10 minutes.", Password: user.PasswordHash != ""}
	h.leadsToProviders(c)
	for _, button := range h.providers() {
		for _, identity := range identities {
			if identity.Provider == button.Name {
				form.Providers = append(form.Providers, button)
				break
			}
		}
	}
	return user, form, nil
}
