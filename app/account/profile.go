package account

import (
	"context"
	"errors"
	"strings"

	"gatehouse/app/limit"
	"gatehouse/app/mail"
	"gatehouse/models"
)

// SetProfile changes what the caller says of themselves. FieldErrors, with the person as they are.
func (a *Accounts) SetProfile(ctx context.Context, caller Caller, name, phone string) (models.User, error) {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return models.User{}, err
	}
	name, phone = strings.TrimSpace(name), strings.TrimSpace(phone)
	if err := fieldErrors(nameMistake(name), phoneMistake(phone)); err != nil {
		return user, err
	}
	err = a.change(ctx, caller, func(u *unit) error {
		if err := u.Users.SetProfile(ctx, user.ID, name, phone, a.now()); err != nil {
			return err
		}
		return u.record(ctx, caller.own(models.EventProfileChanged, ""))
	})
	if err != nil {
		return models.User{}, err
	}
	user.Name, user.Phone = name, phone
	a.reclaim(ctx, user.ID)
	return user, nil
}

// ChangePassword sets a new password, after the current one where there is one, else after a fresh sign-in; the
// other sessions end. ErrCredentials when current is wrong, FieldErrors when password is weak, ErrBusy,
// ErrReauthenticate, limit.Exceeded.
func (a *Accounts) ChangePassword(ctx context.Context, caller Caller, current, password string) error {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return err
	}
	switch {
	case user.Email == "":
		return FieldErrors{{Code: CodePasswordNeedsEmail, Field: "password"}}
	case user.PasswordHash == "" && !a.Fresh(caller.Session):
		return ErrReauthenticate
	}
	if err := a.takeOwn(ctx, caller); err != nil {
		return err
	}
	if weak := a.passwords.weakness(password, user.Name, user.Email); weak != nil {
		return FieldErrors{weak}
	}
	lane := a.lane(ctx, user.ID)
	if user.PasswordHash != "" {
		err := a.proveWith(ctx, lane, user, current)
		if errors.Is(err, ErrCredentials) {
			return a.changedBefore(ctx, caller, user, password)
		}
		if err != nil {
			return err
		}
	}
	hash, err := a.passwords.Hash(ctx, lane, password)
	if err != nil {
		return err
	}
	return a.replacePassword(ctx, caller, user, hash)
}

// changedBefore answers the second of two presses: the first has set this very password. It looks at a
// second guess, so it counts as one. ErrCredentials otherwise.
func (a *Accounts) changedBefore(ctx context.Context, caller Caller, user models.User, password string) error {
	err := a.proveOwn(ctx, caller, user, password)
	if errors.As(err, new(limit.Exceeded)) {
		return ErrCredentials
	}
	return err
}

// replacePassword sets a hash where the one that was proven still stands: of two changes at once,
// one is told that its current password is not current any more. Open resets and changes of
// address end with the old password, and so do the other sessions.
func (a *Accounts) replacePassword(ctx context.Context, caller Caller, user models.User, hash string) error {
	err := a.change(ctx, caller, func(u *unit) error {
		if err := u.Users.Lock(ctx, user.ID); err != nil {
			return err
		}
		if err := u.Users.ReplacePassword(ctx, user.ID, user.PasswordHash, hash, a.now()); err != nil {
			return err
		}
		if err := dropCodes(ctx, u.DB, user); err != nil {
			return err
		}
		if err := a.tell(ctx, u.DB, user, mail.PasswordChanged, mail.Args{}); err != nil {
			return err
		}
		if err := u.end(ctx, Ending{UserID: user.ID, Except: caller.Session.SessionID}); err != nil {
			return err
		}
		return u.record(ctx, caller.own(models.EventPasswordChanged, ""))
	})
	if errors.Is(err, models.ErrNotFound) {
		return ErrCredentials
	}
	return err
}

// Delete removes the caller and all that is theirs, after the password where there is one, else after a fresh
// sign-in; every session ends. ErrCredentials, ErrBusy, ErrReauthenticate, limit.Exceeded.
func (a *Accounts) Delete(ctx context.Context, caller Caller, password string) error {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return err
	}
	if user.PasswordHash == "" {
		if !a.Fresh(caller.Session) {
			return ErrReauthenticate
		}
	} else if err := a.proveOwn(ctx, caller, user, password); err != nil {
		return err
	}
	return a.remove(ctx, caller, user)
}

// remove deletes a person, ends their sessions and tells them.
func (a *Accounts) remove(ctx context.Context, caller Caller, user models.User) error {
	return a.change(ctx, caller, func(u *unit) error {
		if err := u.Users.Delete(ctx, user.ID); err != nil {
			return err
		}
		if err := a.tell(ctx, u.DB, user, mail.AccountDeleted, mail.Args{}); err != nil {
			return err
		}
		if err := u.end(ctx, Ending{UserID: user.ID}); err != nil {
			return err
		}
		return u.recordDeleted(ctx, user)
	})
}

// reclaim has a person's sessions claim what was just changed of them. The change itself is kept: where the store
// does not answer, their tokens say the old until they change something again or sign in.
func (a *Accounts) reclaim(ctx context.Context, userID string) {
	user, err := a.db.Users.ByID(ctx, userID)
	if err == nil {
		err = a.sessions.Rewrite(ctx, userID, user.Claims())
	}
	if err != nil {
		a.log.WarnContext(ctx, "could not rewrite what sessions claim", "user", userID, "err", err)
	}
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
