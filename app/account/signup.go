package account

import (
	"context"
	"errors"
	"strings"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// PendingSignUp is a sign-up in progress. It is no row: seal it into a cookie of the browser that asked,
// and let it outlive CodeLife a little, for a new code. Its size and content say nothing of whether the address is known.
type PendingSignUp struct {
	Flow
	Name         string `json:"n"`
	Email        string `json:"e"`
	PasswordHash string `json:"p"`
}

func signUpPurpose(address string) string { return addressed(kindSignUp, address) }

// BeginSignUp begins a sign-up and mails a code. The answer is the same for an address that has an
// account (no enumeration); its owner gets a mail that says so. FieldErrors, ErrBusy.
func (a *Accounts) BeginSignUp(ctx context.Context, caller Caller, name, email,
	password string) (PendingSignUp, error) {
	name = strings.TrimSpace(name)
	address, err := a.validateSignUp(name, email, password)
	if err != nil {
		return PendingSignUp{}, err
	}
	hash, err := a.passwords.Hash(ctx, Strangers, password)
	if err != nil {
		return PendingSignUp{}, err
	}
	pending := PendingSignUp{Name: name, Email: address, PasswordHash: hash}
	pending, _, err = a.sendSignUp(ctx, pending, a.asker(ctx, caller, address))
	return pending, err
}

// validateSignUp reads the form of a sign-up and returns its canonical address. FieldErrors.
func (a *Accounts) validateSignUp(name, email, password string) (string, error) {
	address, badEmail := addressOf(email)
	badName := nameMistake(name)
	var own []string
	if badName == nil && badEmail == nil { // looked at only where they are as short as they have to be
		own = []string{name, email}
	}
	return address, fieldErrors(badName, badEmail, a.passwords.weakness(password, own...))
}

// ResendSignUp begins a sign-up's flow again, once a minute; mailed is false where codes were mailed before.
// limit.Exceeded, ErrBusy.
func (a *Accounts) ResendSignUp(ctx context.Context, caller Caller,
	pending PendingSignUp) (again PendingSignUp, mailed bool, err error) {
	if err := a.mayResend(ctx, pending.Flow); err != nil {
		return pending, false, err
	}
	return a.sendSignUp(ctx, pending, a.asker(ctx, caller, pending.Email))
}

// verify takes the code and makes the user. models.ErrWrongCode, models.ErrSpentCode; ErrTaken
// when someone else proved the address first.
func (a *Accounts) verify(ctx context.Context, pending PendingSignUp, code string) (models.User, error) {
	if err := a.redeem(ctx, signUpPurpose(pending.Email), pending.Flow, code); err != nil {
		return models.User{}, err
	}
	user, err := a.db.Users.Create(ctx, models.User{Name: pending.Name, Email: pending.Email,
		PasswordHash: pending.PasswordHash}, a.now())
	if errors.Is(err, models.ErrTaken) {
		return models.User{}, ErrTaken
	}
	if err == nil {
		err = dropDecoys(ctx, a.db, user.Email)
	}
	return user, err
}

// SignedUp reports whether this very sign-up has been completed: a second press of the button finds
// the code spent by the first. The salt in the hash makes it this one and no other.
func (a *Accounts) SignedUp(ctx context.Context, pending PendingSignUp) (bool, error) {
	user, err := a.db.Users.ByEmail(ctx, pending.Email)
	if errors.Is(err, models.ErrNotFound) {
		return false, nil
	}
	return err == nil && user.PasswordHash == pending.PasswordHash, err
}

func (a *Accounts) sendSignUp(ctx context.Context, pending PendingSignUp,
	asker asker) (again PendingSignUp, mailed bool, err error) {
	user, err := a.db.Users.ByEmail(ctx, pending.Email)
	known := err == nil
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return PendingSignUp{}, false, err
	}
	pending.Flow, mailed, err = a.begin(ctx, mailing{signUpPurpose(pending.Email), pending.Email, !known,
		func(code string) letter {
			if known {
				return letter{Kind: mail.HaveAccount}
			}
			return codeLetter(mail.SignUpCode, code)
		}, user.ID}, asker)
	return pending, mailed, err
}
