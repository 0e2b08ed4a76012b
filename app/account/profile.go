package account

import (
	"context"
	"errors"
	"strings"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// SetProfile changes what a person says of themselves. Mistakes.
func (a *Accounts) SetProfile(ctx context.Context, user models.User, name, phone string) (models.User, error) {
	name, phone = strings.TrimSpace(name), strings.TrimSpace(phone)
	if err := (Mistakes{Name: nameMistake(name), Phone: phoneMistake(phone)}).orNil(); err != nil {
		return models.User{}, err
	}
	if err := a.db.Users.SetProfile(ctx, user.ID, name, phone, a.now()); err != nil {
		return models.User{}, err
	}
	user.Name, user.Phone = name, phone
	return user, nil
}

// ChangePassword sets a new password, after the current one where there is one. ErrCredentials
// when current is wrong, Mistakes when password is weak, ErrBusy. The caller ends other sessions,
// and asks for a recent sign-in of a person who has no password to give.
func (a *Accounts) ChangePassword(ctx context.Context, lane Lane, user models.User, current, password string) error {
	user, err := a.db.Users.ByID(ctx, user.ID)
	if err != nil {
		return err
	}
	if user.Email == "" {
		return Mistakes{Password: "Add an email address first: a password needs one to sign in with."}
	}
	if mistake := a.passwordMistake(password, user.Name, user.Email); mistake != "" {
		return Mistakes{Password: mistake}
	}
	if user.PasswordHash != "" {
		if err := a.proveWith(ctx, lane, user, current); err != nil {
			return err
		}
	}
	hash, err := a.passwords.Hash(ctx, lane, password)
	if err != nil {
		return err
	}
	return a.replacePassword(ctx, user, hash)
}

// replacePassword sets a hash where the one that was proven still stands: of two changes at once,
// one is told that its current password is not current any more. Open resets and changes of
// address end with the old password.
func (a *Accounts) replacePassword(ctx context.Context, user models.User, hash string) error {
	err := a.outbox.unit(ctx, func(tx *models.DB) error {
		if err := tx.Users.Lock(ctx, user.ID); err != nil {
			return err
		}
		if err := tx.Users.ReplacePassword(ctx, user.ID, user.PasswordHash, hash, a.now()); err != nil {
			return err
		}
		if err := dropCodes(ctx, tx, user); err != nil {
			return err
		}
		return a.tell(ctx, tx, user, mail.PasswordChanged, mail.Args{})
	})
	if errors.Is(err, models.ErrNotFound) {
		return ErrCredentials
	}
	return err
}

// Delete removes a user and all that is theirs. The caller ends the sessions.
func (a *Accounts) Delete(ctx context.Context, user models.User) error {
	return a.outbox.unit(ctx, func(tx *models.DB) error {
		if err := tx.Users.Delete(ctx, user.ID); err != nil {
			return err
		}
		return a.tell(ctx, tx, user, mail.AccountDeleted, mail.Args{})
	})
}

// tell writes a notice to a user into a unit of work, unless there is no address to send it to.
func (a *Accounts) tell(ctx context.Context, tx *models.DB, user models.User, kind mail.Kind, args mail.Args) error {
	if user.Email == "" {
		return nil
	}
	return a.outbox.mail(ctx, tx, notices, user.ID, letter{Kind: kind, To: user.Email, Args: args})
}

func codeLetter(kind mail.Kind, code string) letter {
	return letter{Kind: kind, Args: mail.Args{Code: code}}
}
