package account

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gatehouse/models"
)

// Recovery is a password reset in progress, to be sealed into a cookie. For an unknown address
// UserID is a decoy: an empty one would make the cookie shorter, and that would be an answer.
type Recovery struct {
	CodeID  string    `json:"i"`
	CodeKey string    `json:"k"`
	UserID  string    `json:"u"`
	Email   string    `json:"e"`
	SentAt  time.Time `json:"s"`
}

// Forgot begins a reset and mails a code, if there is anyone to mail it to; the answer is the same
// if not. Mistakes when the address is none.
func (a *Accounts) Forgot(ctx context.Context, email string) (Recovery, error) {
	address, err := Canonical(email)
	if err != nil {
		return Recovery{}, Mistakes{Email: sayAddress}
	}
	user, err := a.db.Users.ByEmail(ctx, address)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return Recovery{}, err
	}
	known := err == nil
	if !known {
		user.ID = decoyID()
	}
	made, err := a.send(ctx, resetPurpose(user.ID), known && user.DisabledAt == nil, func(code string) Letter {
		switch {
		case !known:
			return Letter{}
		case user.DisabledAt != nil:
			return disabledLetter(address)
		}
		return resetLetter(address, code)
	})
	return Recovery{CodeID: made.id, CodeKey: made.key, UserID: user.ID, Email: address, SentAt: made.sentAt}, err
}

// ResendReset replaces the code of a reset: the one before it opens nothing any more.
func (a *Accounts) ResendReset(ctx context.Context, recovery Recovery) (Recovery, error) {
	if err := a.db.Codes.Drop(ctx, recovery.CodeID); err != nil {
		return Recovery{}, fmt.Errorf("account: drop code: %w", err)
	}
	return a.Forgot(ctx, recovery.Email)
}

// Reset takes the code and sets the password. The password is judged and hashed first, so one that
// is weak, or a moment that is busy, costs no code. The caller ends the user's sessions. Mistakes,
// ErrBusy, ErrResetBefore, models.ErrWrongCode, models.ErrSpentCode.
func (a *Accounts) Reset(ctx context.Context, recovery Recovery, code, password string) (models.User, error) {
	// Only the address is known to be theirs yet: to refuse their name before the code is proven
	// would tell a stranger that the account exists, and the name.
	if mistake := a.passwordMistake(password, recovery.Email); mistake != "" {
		return models.User{}, Mistakes{Password: mistake}
	}
	hash, err := a.passwords.Hash(ctx, password)
	if err != nil {
		return models.User{}, err
	}
	purpose := resetPurpose(recovery.UserID)
	err = a.redeem(ctx, purpose, recovery.CodeID, recovery.CodeKey, code)
	if errors.Is(err, models.ErrSpentCode) {
		return models.User{}, a.resetBefore(ctx, recovery, code, password)
	}
	if err != nil {
		return models.User{}, err
	}
	user, err := a.db.Users.ByID(ctx, recovery.UserID)
	if errors.Is(err, models.ErrNotFound) {
		return models.User{}, models.ErrSpentCode
	}
	if err != nil {
		return models.User{}, err
	}
	if mistake := a.passwordMistake(password, user.Name, user.Email); mistake != "" {
		if err := a.giveBack(ctx, recovery, code); err != nil {
			return models.User{}, err
		}
		return models.User{}, Mistakes{Password: mistake}
	}
	return a.finishReset(ctx, recovery, user, hash)
}

// resetBefore tells the second of two presses from a code that is spent: this code has set this
// password. Without the code, nobody may learn whether a password is right.
func (a *Accounts) resetBefore(ctx context.Context, recovery Recovery, code, password string) error {
	purpose := resetPurpose(recovery.UserID)
	again, err := a.db.Codes.Consumed(ctx, recovery.CodeID, purpose, codeHash(recovery.CodeKey, purpose, digits(code)), a.now())
	if err != nil {
		return err
	}
	if !again {
		return models.ErrSpentCode
	}
	err = a.Confirm(ctx, recovery.UserID, password)
	if errors.Is(err, ErrCredentials) || errors.Is(err, models.ErrNotFound) {
		return models.ErrSpentCode
	}
	return cmp.Or(err, ErrResetBefore)
}

// finishReset lets every other code of the user go (a change of address that a thief began dies
// here) and sets the password while the address that got the code is still theirs.
func (a *Accounts) finishReset(ctx context.Context, recovery Recovery, user models.User, hash string) (models.User, error) {
	if err := a.db.Codes.DropAll(ctx, resetPurpose(user.ID), changePurpose(user.ID)); err != nil {
		return models.User{}, err
	}
	err := a.db.Users.ResetPassword(ctx, user.ID, recovery.Email, hash, a.now())
	if errors.Is(err, models.ErrNotFound) {
		return models.User{}, models.ErrSpentCode
	}
	if err != nil {
		return models.User{}, err
	}
	a.post(passwordResetLetter(recovery.Email))
	user.PasswordHash = hash
	return user, nil
}

// giveBack keeps the code of someone who proved it and then has to choose another password.
func (a *Accounts) giveBack(ctx context.Context, recovery Recovery, code string) error {
	purpose := resetPurpose(recovery.UserID)
	if err := a.db.Codes.Drop(ctx, recovery.CodeID); err != nil {
		return err
	}
	return a.db.Codes.Create(ctx, models.Code{
		ID: recovery.CodeID, Purpose: purpose, Hash: codeHash(recovery.CodeKey, purpose, digits(code)),
		TriesLeft: codeTries, ExpiresAt: recovery.SentAt.Add(CodeLife),
	}, a.now())
}

func resetPurpose(userID string) string { return "reset the password of " + userID }

// decoyID has the look of a user's id and is nobody's.
func decoyID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // crypto/rand never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}
