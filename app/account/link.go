package account

import (
	"context"
	"errors"
	"slices"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// Identities are a person's.
func (a *Accounts) Identities(ctx context.Context, user models.User) ([]models.Identity, error) {
	return a.db.Identities.ByUser(ctx, user.ID)
}

// Link joins an identity to the caller, who is told by mail. It changes neither address nor name. ErrIdentityTaken
// when it signs in someone else.
func (a *Accounts) Link(ctx context.Context, caller Caller, identity models.Identity) error {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return err
	}
	if err := requireSubject(identity); err != nil {
		return err
	}
	kept, err := a.sealed(identity, "")
	if err != nil {
		return err
	}
	kept.UserID = user.ID
	err = a.change(ctx, caller, func(u *unit) error {
		if err := u.DB.Identities.Link(ctx, kept, a.now()); err != nil {
			return err
		}
		if err := a.tell(ctx, u.DB, user, mail.ProviderLinked, mail.Args{Provider: a.called(identity.Provider)}); err != nil {
			return err
		}
		return u.record(ctx, caller.own(models.EventLinked, identity.Provider))
	})
	if errors.Is(err, models.ErrTaken) {
		return a.linkAgain(ctx, user, identity)
	}
	return err
}

// linkAgain answers for an identity that has an owner: the same person pressed twice, or another
// account has it, which must be neither taken from it nor named.
func (a *Accounts) linkAgain(ctx context.Context, user models.User, identity models.Identity) error {
	known, err := a.db.Identities.Find(ctx, identity.Provider, identity.Subject)
	if err != nil {
		return err
	}
	if known.UserID != user.ID {
		return ErrIdentityTaken
	}
	return a.used(ctx, known, identity)
}

// Unlink takes an identity from the caller, who is told by mail, and ends the other sessions that were begun with its
// provider: whoever holds the identity is not to stay. Open are the providers that people can sign in with now.
// models.ErrLastWayIn; models.ErrNotFound for an identity that is not in their own list, whatever text was posted.
func (a *Accounts) Unlink(ctx context.Context, caller Caller, provider, subject string, open []string) error {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return err
	}
	own, err := a.db.Identities.ByUser(ctx, user.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(own, func(i models.Identity) bool { return i.Provider == provider && i.Subject == subject }) {
		return models.ErrNotFound
	}
	return a.change(ctx, caller, func(u *unit) error {
		if err := u.DB.Identities.Unlink(ctx, user.ID, provider, subject, open); err != nil {
			return err
		}
		if err := u.Users.CredentialsChanged(ctx, user.ID, a.now()); err != nil {
			return err
		}
		if err := a.tell(ctx, u.DB, user, mail.ProviderUnlinked, mail.Args{Provider: a.called(provider)}); err != nil {
			return err
		}
		if err := u.end(ctx, Ending{UserID: user.ID, Provider: provider, Except: caller.Session.SessionID}); err != nil {
			return err
		}
		return u.record(ctx, caller.own(models.EventUnlinked, provider))
	})
}
