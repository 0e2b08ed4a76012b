package account

import (
	"context"
	"errors"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// EmailChange is an address waiting to be proven by one user, to be sealed into a cookie.
type EmailChange struct {
	Flow
	UserID string `json:"u"`
	Email  string `json:"e"`
}

// ProposeEmail mails a code to the new address. The answer is the same when the address belongs to
// another; its owner is told. mailed is false where codes were mailed before. Mistakes, ErrBusy.
func (a *Accounts) ProposeEmail(ctx context.Context, user models.User, email string) (change EmailChange, mailed bool, err error) {
	address, err := Canonical(email)
	if err != nil {
		return EmailChange{}, false, Mistakes{Email: sayAddress}
	}
	if address == user.Email {
		return EmailChange{}, false, Mistakes{Email: "This is your address already."}
	}
	_, err = a.db.Users.ByEmail(ctx, address)
	inUse := err == nil
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return EmailChange{}, false, err
	}
	purpose := changePurpose(user.ID) + addressed(" to", address)
	if err := a.db.Codes.DropOthers(ctx, changePurpose(user.ID), purpose); err != nil {
		return EmailChange{}, false, err
	}
	flow, mailed, err := a.begin(ctx, mailing{purpose, address, !inUse, func(code string) letter {
		if inUse {
			return letter{Kind: mail.AddressInUse}
		}
		return codeLetter(mail.AddressCode, code)
	}, user.ID}, Asker{MayMail: true, Known: true})
	return EmailChange{Flow: flow, UserID: user.ID, Email: address}, mailed, err
}

// ProveEmail takes the code and gives the user the address; codes that reset the password through
// the old one die. models.ErrWrongCode,
// models.ErrSpentCode (also for a change that another user began); ErrTaken.
func (a *Accounts) ProveEmail(ctx context.Context, user models.User, change EmailChange, code string) (models.User, error) {
	// A browser may change hands between the two steps: the next person's account must not get
	// the address of the one before.
	if change.UserID != user.ID {
		return models.User{}, models.ErrSpentCode
	}
	user, err := a.db.Users.ByID(ctx, user.ID)
	if err != nil {
		return models.User{}, err
	}
	purpose := changePurpose(user.ID) + addressed(" to", change.Email)
	id, err := a.prove(ctx, purpose, change.Flow, code)
	if err != nil {
		return models.User{}, err
	}
	err = a.outbox.unit(ctx, func(tx *models.DB) error {
		if err := useCode(ctx, tx, user.ID, id, purpose); err != nil {
			return err
		}
		return a.moveTo(ctx, tx, user, change.Email)
	})
	if errors.Is(err, models.ErrTaken) {
		return models.User{}, ErrTaken
	}
	if err != nil {
		return models.User{}, err
	}
	user.Email = change.Email
	return user, nil
}

// moveTo gives a user a proven address, and tells the one before.
func (a *Accounts) moveTo(ctx context.Context, tx *models.DB, user models.User, address string) error {
	if err := dropCodes(ctx, tx, user); err != nil {
		return err
	}
	if err := tx.Users.SetEmail(ctx, user.ID, address, a.now()); err != nil {
		return err
	}
	if err := dropDecoys(ctx, tx, address); err != nil {
		return err
	}
	return a.tell(ctx, tx, user, mail.AddressChanged, mail.Args{Address: Mask(address)})
}

func changePurpose(userID string) string { return kindChange + " of " + userID }
