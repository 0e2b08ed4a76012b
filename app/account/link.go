package account

import (
	"context"
	"errors"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// Link joins an identity to a signed-in user, who is told by letter. It changes neither address
// nor name. ErrIdentityTaken when it signs in someone else.
func (a *Accounts) Link(ctx context.Context, user models.User, identity models.Identity) error {
	arrived, err := received(identity)
	if err != nil {
		return err
	}
	if identity, err = a.sealed(arrived, ""); err != nil {
		return err
	}
	identity.UserID = user.ID
	err = a.outbox.unit(ctx, func(tx *models.DB) error {
		if err := tx.Identities.Link(ctx, identity, a.now()); err != nil {
			return err
		}
		return a.tell(ctx, tx, user, mail.ProviderLinked, mail.Args{Provider: a.called(identity.Provider)})
	})
	if errors.Is(err, models.ErrTaken) {
		return a.linkAgain(ctx, user, arrived)
	}
	return err
}

// Unlink takes an identity from a user, who is told by letter. Open are the providers that people
// can sign in with now. models.ErrLastWayIn, models.ErrNotFound.
func (a *Accounts) Unlink(ctx context.Context, user models.User, provider, subject string, open []string) error {
	return a.outbox.unit(ctx, func(tx *models.DB) error {
		if err := tx.Identities.Unlink(ctx, user.ID, provider, subject, open); err != nil {
			return err
		}
		return a.tell(ctx, tx, user, mail.ProviderUnlinked, mail.Args{Provider: a.called(provider)})
	})
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
