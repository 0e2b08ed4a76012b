package account

import (
	"context"
	"errors"
	"time"

	"gatehouse/app/limit"
	"gatehouse/app/mail"
	"gatehouse/models"
)

// EmailChange is an address waiting to be proven by one user, to be sealed into a cookie.
type EmailChange struct {
	Flow
	UserID string `json:"u"`
	Email  string `json:"e"`
}

// senderRule is of other people's mailboxes that one account can reach.
var senderRule = limit.Rule{Name: "sender", Rate: 5, Per: 24 * time.Hour, Burst: 10}

// ProposeEmail mails a code to a new address of the caller. The answer is the same when the address belongs to
// another (no enumeration); its owner is told. mailed is false where codes were mailed before. FieldErrors, ErrBusy,
// limit.Exceeded.
func (a *Accounts) ProposeEmail(ctx context.Context, caller Caller,
	email string) (change EmailChange, mailed bool, err error) {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return EmailChange{}, false, err
	}
	if address, err := Canonical(email); err == nil && address != user.Email {
		if err := a.limits.Try(ctx, senderRule, user.ID); err != nil {
			return EmailChange{}, false, err
		}
	}
	return a.sendChange(ctx, user, email)
}

// ResendEmail begins a change of address again, once a minute. limit.Exceeded.
func (a *Accounts) ResendEmail(ctx context.Context, caller Caller,
	change EmailChange) (again EmailChange, mailed bool, err error) {
	if err := a.mayResend(ctx, change.Flow); err != nil {
		return change, false, err
	}
	user, err := a.Me(ctx, caller)
	if err != nil {
		return change, false, err
	}
	return a.sendChange(ctx, user, change.Email)
}

func (a *Accounts) sendChange(ctx context.Context, user models.User,
	email string) (change EmailChange, mailed bool, err error) {
	address, mistake := addressOf(email)
	if mistake == nil && address == user.Email {
		mistake = &Error{Code: CodeSameEmail, Field: "email"}
	}
	if mistake != nil {
		return EmailChange{}, false, FieldErrors{mistake}
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
	}, user.ID}, asker{mayMail: true, known: true})
	return EmailChange{Flow: flow, UserID: user.ID, Email: address}, mailed, err
}

// ProveEmail takes the code and gives the caller the address; codes that reset the password through
// the old one die. models.ErrWrongCode, models.ErrSpentCode (also for a change that another user began); ErrTaken.
// An address that is theirs already is no error: it is the second of two presses.
func (a *Accounts) ProveEmail(ctx context.Context, caller Caller, change EmailChange, code string) error {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return err
	}
	// A browser may change hands between the two steps: the next person's account must not get
	// the address of the one before.
	if change.UserID != user.ID {
		return models.ErrSpentCode
	}
	if user.Email == change.Email {
		return nil
	}
	purpose := changePurpose(user.ID) + addressed(" to", change.Email)
	id, err := a.prove(ctx, purpose, change.Flow, code)
	if err != nil {
		return err
	}
	err = a.change(ctx, caller, func(u *unit) error {
		if err := useCode(ctx, u.DB, user.ID, id, purpose); err != nil {
			return err
		}
		if err := a.moveTo(ctx, u.DB, user, change.Email); err != nil {
			return err
		}
		return u.record(ctx, caller.own(models.EventEmailChanged, Mask(change.Email)))
	})
	if errors.Is(err, models.ErrTaken) {
		return ErrTaken
	}
	if err == nil {
		a.reclaim(ctx, user.ID)
	}
	return err
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
