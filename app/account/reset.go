package account

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// PasswordReset is a password reset in progress, to be sealed into a cookie. It holds nothing that tells
// whether the address is known.
type PasswordReset struct {
	Flow
	Email string `json:"e"`
}

func resetPurpose(address string) string { return addressed(kindReset, address) }

// Forgot begins a reset and mails a code, if there is anyone to mail it to; the answer is the same if
// not (no enumeration). mailed is false where codes were mailed before, or the caller may cause none. FieldErrors
// when the address is none; ErrBusy.
func (a *Accounts) Forgot(ctx context.Context, caller Caller,
	email string) (reset PasswordReset, mailed bool, err error) {
	address, mistake := addressOf(email)
	if mistake != nil {
		return PasswordReset{}, false, FieldErrors{mistake}
	}
	return a.sendReset(ctx, address, a.asker(ctx, caller, address))
}

// ResendReset begins a reset again, once a minute. limit.Exceeded, ErrBusy.
func (a *Accounts) ResendReset(ctx context.Context, caller Caller,
	reset PasswordReset) (again PasswordReset, mailed bool, err error) {
	if err := a.mayResend(ctx, reset.Flow); err != nil {
		return reset, false, err
	}
	return a.sendReset(ctx, reset.Email, a.asker(ctx, caller, reset.Email))
}

func (a *Accounts) sendReset(ctx context.Context, address string,
	asker asker) (reset PasswordReset, mailed bool, err error) {
	user, err := a.db.Users.ByEmail(ctx, address)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return PasswordReset{}, false, err
	}
	known := err == nil
	flow, mailed, err := a.begin(ctx, mailing{resetPurpose(address), address, known && user.DisabledAt == nil,
		func(code string) letter {
			switch {
			case !known:
				return letter{}
			case user.DisabledAt != nil:
				return letter{Kind: mail.AccountClosed}
			}
			return codeLetter(mail.ResetCode, code)
		}, user.ID}, asker)
	return PasswordReset{Flow: flow, Email: address}, mailed, err
}

// Reset takes the code and sets the password; every session of theirs ends, the thief's too. The password is judged
// first, so one that is weak costs nothing and tells known addresses from unknown ones by no time (enumeration), and
// hashed only once the code is right: strangers get no hash out of us. FieldErrors, ErrBusy, ErrResetBefore,
// models.ErrWrongCode, models.ErrSpentCode.
func (a *Accounts) Reset(ctx context.Context, caller Caller, reset PasswordReset, code,
	password string) (models.User, error) {
	// Only the address is known to be theirs yet: to refuse their name before the code is proven
	// would tell a stranger that the account exists, and the name.
	if weak := a.passwords.weakness(password, reset.Email); weak != nil {
		return models.User{}, FieldErrors{weak}
	}
	id, err := a.prove(ctx, resetPurpose(reset.Email), reset.Flow, code)
	if errors.Is(err, models.ErrUsedCode) {
		return models.User{}, a.resetBefore(ctx, reset, password)
	}
	if err != nil {
		return models.User{}, err
	}
	user, err := a.db.Users.ByEmail(ctx, reset.Email)
	if errors.Is(err, models.ErrNotFound) {
		return models.User{}, models.ErrSpentCode
	}
	if err != nil {
		return models.User{}, err
	}
	hash, err := a.newHash(ctx, user, password)
	if err != nil { // the code is right, and another password or another moment will do
		return models.User{}, errors.Join(err, a.db.Codes.Return(ctx, reset.ID))
	}
	user, err = a.finishReset(ctx, caller, id, user, hash)
	if errors.Is(err, models.ErrUsedCode) { // between the two looks at it
		err = a.resetBefore(ctx, reset, password)
	}
	return user, err
}

// newHash is for someone who has proven who they are. FieldErrors, ErrBusy.
func (a *Accounts) newHash(ctx context.Context, user models.User, password string) (string, error) {
	if weak := a.passwords.weakness(password, user.Name, user.Email); weak != nil {
		return "", FieldErrors{weak}
	}
	return a.passwords.Hash(ctx, a.lane(ctx, user.Email), password)
}

// resetBefore tells the second of two presses from a code that is spent: this code has set this
// password. Without the code, nobody may learn whether a password is right.
func (a *Accounts) resetBefore(ctx context.Context, reset PasswordReset, password string) error {
	user, err := a.db.Users.ByEmail(ctx, reset.Email)
	if err == nil {
		err = a.proveWith(ctx, a.lane(ctx, user.Email), user, password)
	}
	if errors.Is(err, ErrCredentials) || errors.Is(err, models.ErrNotFound) {
		return models.ErrSpentCode
	}
	return cmp.Or(err, ErrResetBefore)
}

// finishReset uses the code, lets every other code of the user go (a change of address that a thief began
// dies here) and sets the password while the address that got the code is still theirs.
func (a *Accounts) finishReset(ctx context.Context, caller Caller, code string, user models.User,
	hash string) (models.User, error) {
	err := a.change(ctx, caller, func(u *unit) error {
		if err := useCode(ctx, u.DB, user.ID, code, resetPurpose(user.Email)); err != nil {
			return err
		}
		if err := dropCodes(ctx, u.DB, user); err != nil {
			return err
		}
		if err := u.Users.ResetPassword(ctx, user.ID, user.Email, hash, a.now()); err != nil {
			return err
		}
		if err := a.tellOfReset(ctx, u.DB, user); err != nil {
			return err
		}
		if err := u.end(ctx, Ending{UserID: user.ID}); err != nil {
			return err
		}
		return u.record(ctx, models.Event{UserID: user.ID, Kind: models.EventPasswordReset})
	})
	if errors.Is(err, models.ErrNotFound) {
		return models.User{}, models.ErrSpentCode
	}
	if err != nil {
		return models.User{}, err
	}
	a.renewShare(ctx, resetPurpose(user.Email), user.Email)
	user.PasswordHash = hash
	return user, nil
}

// tellOfReset names what else signs in to the account: a thief who was here may have connected an identity, which
// a new password leaves.
func (a *Accounts) tellOfReset(ctx context.Context, tx *models.DB, user models.User) error {
	identities, err := tx.Identities.ByUser(ctx, user.ID)
	if err != nil {
		return err
	}
	var others []string
	for _, identity := range identities {
		others = append(others, a.called(identity.Provider))
	}
	return a.tell(ctx, tx, user, mail.PasswordReset, mail.Args{Provider: strings.Join(others, ", ")})
}

// dropDecoys ends the codes that opened nothing while nobody had the address: whoever asks now is to get one.
func dropDecoys(ctx context.Context, tx *models.DB, address string) error {
	return tx.Codes.Drop(ctx, resetPurpose(address), signInPurpose(address))
}

// dropCodes ends the codes that a person's old credentials could have begun.
func dropCodes(ctx context.Context, tx *models.DB, user models.User) error {
	return tx.Codes.Drop(ctx, resetPurpose(user.Email), signInPurpose(user.Email), changePurpose(user.ID))
}
