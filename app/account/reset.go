package account

import (
	"cmp"
	"context"
	"errors"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// Recovery is a password reset in progress, to be sealed into a cookie. It holds nothing that tells
// whether the address is known.
type Recovery struct {
	Flow
	Email string `json:"e"`
}

func resetPurpose(address string) string { return addressed(kindReset, address) }

// Forgot begins a reset and mails a code, if there is anyone to mail it to; the answer is the same if
// not (no enumeration). mailed is false where codes were mailed before, or asker may cause none. Mistakes
// when the address is none; ErrBusy.
func (a *Accounts) Forgot(ctx context.Context, email string, asker Asker) (recovery Recovery, mailed bool, err error) {
	address, err := Canonical(email)
	if err != nil {
		return Recovery{}, false, Mistakes{Email: sayAddress}
	}
	user, err := a.db.Users.ByEmail(ctx, address)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return Recovery{}, false, err
	}
	known := err == nil
	flow, mailed, err := a.begin(ctx, mailing{resetPurpose(address), address, known && user.DisabledAt == nil, func(code string) letter {
		switch {
		case !known:
			return letter{}
		case user.DisabledAt != nil:
			return letter{Kind: mail.AccountClosed}
		}
		return codeLetter(mail.ResetCode, code)
	}, user.ID}, asker)
	return Recovery{Flow: flow, Email: address}, mailed, err
}

// Reset takes the code and sets the password. The password is judged first, so one that is weak costs
// nothing, and hashed only once the code is right: strangers get no hash out of us. canEnd is asked before
// anything changes whether the user's sessions can be ended; the caller ends them. Mistakes, ErrBusy,
// ErrResetBefore, models.ErrWrongCode, models.ErrSpentCode.
func (a *Accounts) Reset(ctx context.Context, recovery Recovery, code, password string, canEnd func(userID string) error) (models.User, error) {
	// Only the address is known to be theirs yet: to refuse their name before the code is proven
	// would tell a stranger that the account exists, and the name.
	if mistake := a.passwordMistake(password, recovery.Email); mistake != "" {
		return models.User{}, Mistakes{Password: mistake}
	}
	id, err := a.prove(ctx, resetPurpose(recovery.Email), recovery.Flow, code)
	if errors.Is(err, models.ErrUsedCode) {
		return models.User{}, a.resetBefore(ctx, recovery, password)
	}
	if err != nil {
		return models.User{}, err
	}
	user, err := a.db.Users.ByEmail(ctx, recovery.Email)
	if errors.Is(err, models.ErrNotFound) {
		return models.User{}, models.ErrSpentCode
	}
	if err != nil {
		return models.User{}, err
	}
	hash, err := a.newHash(ctx, user, password)
	if err == nil {
		err = canEnd(user.ID)
	}
	if err != nil { // the code is right, and another password or another moment will do
		return models.User{}, errors.Join(err, a.db.Codes.Return(ctx, recovery.ID))
	}
	user, err = a.finishReset(ctx, id, user, hash)
	if errors.Is(err, models.ErrUsedCode) { // between the two looks at it
		err = a.resetBefore(ctx, recovery, password)
	}
	return user, err
}

// newHash is for someone who has proven who they are. Mistakes, ErrBusy.
func (a *Accounts) newHash(ctx context.Context, user models.User, password string) (string, error) {
	if mistake := a.passwordMistake(password, user.Name, user.Email); mistake != "" {
		return "", Mistakes{Password: mistake}
	}
	return a.passwords.Hash(ctx, a.Lane(ctx, user.Email), password)
}

// resetBefore tells the second of two presses from a code that is spent: this code has set this
// password. Without the code, nobody may learn whether a password is right.
func (a *Accounts) resetBefore(ctx context.Context, recovery Recovery, password string) error {
	user, err := a.db.Users.ByEmail(ctx, recovery.Email)
	if err == nil {
		err = a.proveWith(ctx, a.Lane(ctx, user.Email), user, password)
	}
	if errors.Is(err, ErrCredentials) || errors.Is(err, models.ErrNotFound) {
		return models.ErrSpentCode
	}
	return cmp.Or(err, ErrResetBefore)
}

// finishReset uses the code, lets every other code of the user go (a change of address that a thief began
// dies here) and sets the password while the address that got the code is still theirs.
func (a *Accounts) finishReset(ctx context.Context, code string, user models.User, hash string) (models.User, error) {
	err := a.outbox.unit(ctx, func(tx *models.DB) error {
		if err := useCode(ctx, tx, user.ID, code, resetPurpose(user.Email)); err != nil {
			return err
		}
		if err := dropCodes(ctx, tx, user); err != nil {
			return err
		}
		if err := tx.Users.ResetPassword(ctx, user.ID, user.Email, hash, a.now()); err != nil {
			return err
		}
		return a.tell(ctx, tx, user, mail.PasswordReset, mail.Args{})
	})
	if errors.Is(err, models.ErrNotFound) {
		return models.User{}, models.ErrSpentCode
	}
	if err != nil {
		return models.User{}, err
	}
	a.proven(ctx, resetPurpose(user.Email), user.Email)
	user.PasswordHash = hash
	return user, nil
}

// dropDecoys ends the codes that opened nothing while nobody had the address: whoever asks now is to get one.
func dropDecoys(ctx context.Context, tx *models.DB, address string) error {
	return tx.Codes.Drop(ctx, resetPurpose(address), signInPurpose(address))
}

// dropCodes ends the codes that a person's old credentials could have begun.
func dropCodes(ctx context.Context, tx *models.DB, user models.User) error {
	return tx.Codes.Drop(ctx, resetPurpose(user.Email), signInPurpose(user.Email), changePurpose(user.ID))
}
