package account

import (
	"context"
	"errors"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// authenticate proves a person by address and password. ErrCredentials, with the user whose address it is, if
// anyone's; ErrBusy; ErrDisabled only after the right password. An address nobody has costs one hash, like any other.
func (a *Accounts) authenticate(ctx context.Context, lane Lane, email, password string) (models.User, error) {
	user, err := a.byTyped(ctx, email)
	if err != nil {
		return models.User{}, err
	}
	ok, rehash, err := a.passwords.Verify(ctx, lane, user.PasswordHash, password)
	switch {
	case err != nil:
		return models.User{}, err
	case !ok:
		return user, ErrCredentials
	case user.DisabledAt != nil:
		return models.User{}, ErrDisabled
	case rehash:
		return a.rehash(ctx, lane, user, password)
	}
	return user, nil
}

// CodeSignIn is a sign-in that takes a mailed code and the password together, to be sealed into a cookie:
// the way in for a new browser while strangers guess at the account. It holds nothing that tells whether
// the address is known.
type CodeSignIn struct {
	Flow
	Email string `json:"e"`
}

func signInPurpose(address string) string { return addressed(kindSignIn, address) }

// BeginCode begins a sign-in by code and password, and mails the code if there is anyone to mail it to; the answer is
// the same if not (no enumeration). FieldErrors, ErrBusy.
func (a *Accounts) BeginCode(ctx context.Context, caller Caller, email string) (CodeSignIn, error) {
	address, mistake := addressOf(email)
	if mistake != nil {
		return CodeSignIn{}, FieldErrors{mistake}
	}
	pending, _, err := a.sendCode(ctx, address, a.asker(ctx, caller, address))
	return pending, err
}

// ResendCode begins such a flow again, once a minute; mailed is false where codes were mailed before.
// limit.Exceeded, ErrBusy.
func (a *Accounts) ResendCode(ctx context.Context, caller Caller,
	pending CodeSignIn) (again CodeSignIn, mailed bool, err error) {
	if err := a.mayResend(ctx, pending.Flow); err != nil {
		return pending, false, err
	}
	return a.sendCode(ctx, pending.Email, a.asker(ctx, caller, pending.Email))
}

func (a *Accounts) sendCode(ctx context.Context, address string,
	asker asker) (pending CodeSignIn, mailed bool, err error) {
	user, err := a.byTyped(ctx, address)
	if err != nil {
		return CodeSignIn{}, false, err
	}
	live := user.PasswordHash != "" && user.DisabledAt == nil
	flow, mailed, err := a.begin(ctx, mailing{signInPurpose(address), address, live, func(code string) letter {
		switch {
		case user.ID == "":
			return letter{}
		case user.DisabledAt != nil:
			return letter{Kind: mail.AccountClosed}
		case user.PasswordHash == "":
			return letter{Kind: mail.NoPassword}
		}
		return codeLetter(mail.SignInCode, code)
	}, user.ID}, asker)
	return CodeSignIn{Flow: flow, Email: address}, mailed, err
}

// authenticateWithCode takes the code and the password. Nothing is hashed before the code is right; then
// it is in the first lane. A wrong password costs a try like a wrong code. models.ErrWrongCode,
// models.ErrSpentCode, ErrCredentials, ErrDisabled, ErrBusy.
func (a *Accounts) authenticateWithCode(ctx context.Context, pending CodeSignIn, code,
	password string) (models.User, error) {
	purpose := signInPurpose(pending.Email)
	id, err := a.prove(ctx, purpose, pending.Flow, code)
	if err != nil {
		return models.User{}, err
	}
	user, err := a.authenticate(ctx, a.lane(ctx, pending.Email), pending.Email, password)
	if errors.Is(err, ErrBusy) {
		return models.User{}, errors.Join(err, a.db.Codes.Return(ctx, pending.ID))
	}
	if err != nil {
		return user, err
	}
	err = a.db.Tx(ctx, func(tx *models.DB) error {
		if err := useCode(ctx, tx, user.ID, id, purpose); err != nil {
			return err
		}
		return tx.Codes.Drop(ctx, purpose)
	})
	if err != nil {
		return models.User{}, err
	}
	a.renewShare(ctx, purpose, pending.Email)
	return user, nil
}

// proveWith proves a person by their password. ErrCredentials, ErrBusy.
func (a *Accounts) proveWith(ctx context.Context, lane Lane, user models.User, password string) error {
	ok, _, err := a.passwords.Verify(ctx, lane, user.PasswordHash, password)
	if err == nil && !ok {
		return ErrCredentials
	}
	return err
}

// byTyped finds the user of an address as typed, or a user without a password: nobody.
func (a *Accounts) byTyped(ctx context.Context, email string) (models.User, error) {
	address, err := Canonical(email)
	if err != nil {
		return models.User{}, nil
	}
	user, err := a.db.Users.ByEmail(ctx, address)
	if errors.Is(err, models.ErrNotFound) {
		return models.User{}, nil
	}
	return user, err
}

// rehash keeps a proven password at today's cost. A full queue is no reason to refuse the sign-in,
// the next one tries again.
func (a *Accounts) rehash(ctx context.Context, lane Lane, user models.User, password string) (models.User, error) {
	hash, err := a.passwords.Hash(ctx, lane, password)
	if errors.Is(err, ErrBusy) {
		return user, nil
	}
	if err != nil {
		return models.User{}, err
	}
	err = a.db.Users.Rehash(ctx, user.ID, user.PasswordHash, hash, a.now())
	if errors.Is(err, models.ErrNotFound) { // another sign-in was first, or the person has chosen another
		if user, err = a.db.Users.ByID(ctx, user.ID); err == nil {
			err = a.proveWith(ctx, lane, user, password)
		}
		return user, err
	}
	user.PasswordHash = hash
	return user, err
}
