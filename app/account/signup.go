package account

import (
	"context"
	"errors"
	"strings"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// Pending is a sign-up in progress. It is no row: seal it into a cookie of the browser that asked,
// and let it outlive CodeLife a little, for a new code. Its size and content say nothing of whether the address is known.
type Pending struct {
	Flow
	Name         string `json:"n"`
	Email        string `json:"e"`
	PasswordHash string `json:"p"`
}

func signUpPurpose(address string) string { return addressed(kindSignUp, address) }

// Register begins a sign-up and mails a code. The answer is the same for an address that has an
// account; its owner gets a letter that says so. Mistakes, ErrBusy.
func (a *Accounts) Register(ctx context.Context, name, email, password string, asker Asker) (Pending, error) {
	name = strings.TrimSpace(name)
	address, err := a.Judge(name, email, password)
	if err != nil {
		return Pending{}, err
	}
	hash, err := a.passwords.Hash(ctx, Strangers, password)
	if err != nil {
		return Pending{}, err
	}
	pending, _, err := a.sendSignUp(ctx, Pending{Name: name, Email: address, PasswordHash: hash}, asker)
	return pending, err
}

// Judge reads the form of a sign-up and returns its canonical address. Mistakes.
func (a *Accounts) Judge(name, email, password string) (string, error) {
	name = strings.TrimSpace(name)
	mistakes := Mistakes{Name: nameMistake(name)}
	address, err := Canonical(email)
	if err != nil {
		mistakes.Email = sayAddress
	}
	if mistakes == (Mistakes{}) { // looked at only where they are as short as they have to be
		mistakes.Password = a.passwordMistake(password, name, email)
	} else {
		mistakes.Password = a.passwordMistake(password)
	}
	return address, mistakes.orNil()
}

// Resend begins a sign-up's flow again. mailed is false where codes were mailed before.
func (a *Accounts) Resend(ctx context.Context, pending Pending, asker Asker) (again Pending, mailed bool, err error) {
	return a.sendSignUp(ctx, pending, asker)
}

// Verify takes the code and makes the user. models.ErrWrongCode, models.ErrSpentCode; ErrTaken
// when someone else proved the address first.
func (a *Accounts) Verify(ctx context.Context, pending Pending, code string) (models.User, error) {
	if err := a.redeem(ctx, signUpPurpose(pending.Email), pending.Flow, code); err != nil {
		return models.User{}, err
	}
	user, err := a.db.Users.Create(ctx, models.User{Name: pending.Name, Email: pending.Email, PasswordHash: pending.PasswordHash}, a.now())
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
func (a *Accounts) SignedUp(ctx context.Context, pending Pending) (bool, error) {
	user, err := a.db.Users.ByEmail(ctx, pending.Email)
	if errors.Is(err, models.ErrNotFound) {
		return false, nil
	}
	return err == nil && user.PasswordHash == pending.PasswordHash, err
}

func (a *Accounts) sendSignUp(ctx context.Context, pending Pending, asker Asker) (again Pending, mailed bool, err error) {
	user, err := a.db.Users.ByEmail(ctx, pending.Email)
	known := err == nil
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return Pending{}, false, err
	}
	pending.Flow, mailed, err = a.begin(ctx, mailing{signUpPurpose(pending.Email), pending.Email, !known, func(code string) letter {
		if known {
			return letter{Kind: mail.HaveAccount}
		}
		return codeLetter(mail.SignUpCode, code)
	}, user.ID}, asker)
	return pending, mailed, err
}

// passwordMistake is what Check says of a password, as a sentence.
func (a *Accounts) passwordMistake(password string, own ...string) string {
	var weak *Weak
	if errors.As(a.passwords.Check(password, own...), &weak) {
		return weak.Sentence
	}
	return ""
}
