package account

import (
	"context"
	"errors"
	"time"

	"gatehouse/models"
)

// EmailChange is an address waiting to be proven by one user, to be sealed into a cookie.
type EmailChange struct {
	CodeID  string    `json:"i"`
	CodeKey string    `json:"k"`
	UserID  string    `json:"u"`
	Email   string    `json:"e"`
	SentAt  time.Time `json:"s"`
}

// ProposeEmail mails a code to the new address; asked again, it replaces the code. The answer is
// the same when the address belongs to another; its owner is told. Mistakes.
func (a *Accounts) ProposeEmail(ctx context.Context, user models.User, email string) (EmailChange, error) {
	address, err := Canonical(email)
	if err != nil {
		return EmailChange{}, Mistakes{Email: sayAddress}
	}
	if address == user.Email {
		return EmailChange{}, Mistakes{Email: "This is your address already."}
	}
	_, err = a.db.Users.ByEmail(ctx, address)
	inUse := err == nil
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return EmailChange{}, err
	}
	if err := a.db.Codes.DropAll(ctx, changePurpose(user.ID)); err != nil {
		return EmailChange{}, err
	}
	made, err := a.send(ctx, changePurpose(user.ID), !inUse, func(code string) Letter {
		if inUse {
			return addressInUseLetter(address)
		}
		return proveAddressLetter(address, code)
	})
	return EmailChange{CodeID: made.id, CodeKey: made.key, UserID: user.ID, Email: address, SentAt: made.sentAt}, err
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
	if err := a.redeem(ctx, changePurpose(user.ID), change.CodeID, change.CodeKey, code); err != nil {
		return models.User{}, err
	}
	if err := a.db.Codes.DropAll(ctx, resetPurpose(user.ID)); err != nil {
		return models.User{}, err
	}
	err = a.db.Users.SetEmail(ctx, user.ID, change.Email, a.now())
	if errors.Is(err, models.ErrTaken) {
		return models.User{}, ErrTaken
	}
	if err != nil {
		return models.User{}, err
	}
	a.tell(addressChangedLetter(user.Email, change.Email))
	user.Email = change.Email
	return user, nil
}

func changePurpose(userID string) string { return "change the address of " + userID }
