package account

import (
	"context"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// TellReuse writes to a user, if they have an address, that a refresh token of theirs was used
// twice and the session has ended. client is the browser that it was started in.
func (a *Accounts) TellReuse(ctx context.Context, userID, client string) error {
	user, err := a.db.Users.ByID(ctx, userID)
	if err != nil {
		return err
	}
	return a.outbox.unit(ctx, func(tx *models.DB) error {
		return a.tell(ctx, tx, user, mail.SessionReused, mail.Args{Client: client})
	})
}
