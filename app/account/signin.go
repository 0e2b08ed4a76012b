package account

import (
	"context"
	"errors"

	"gatehouse/models"
)

// Authenticate proves a person by address and password. ErrCredentials, ErrBusy; ErrDisabled only
// after the right password. An address nobody has costs one hash, like any other.
func (a *Accounts) Authenticate(ctx context.Context, email, password string) (models.User, error) {
	user, err := a.byTyped(ctx, email)
	if err != nil {
		return models.User{}, err
	}
	ok, rehash, err := a.passwords.Verify(ctx, user.PasswordHash, password)
	switch {
	case err != nil:
		return models.User{}, err
	case !ok:
		return models.User{}, ErrCredentials
	case user.DisabledAt != nil:
		return models.User{}, ErrDisabled
	case rehash:
		return a.rehash(ctx, user, password)
	}
	return user, nil
}

// Confirm proves a signed-in person again. ErrCredentials, ErrBusy.
func (a *Accounts) Confirm(ctx context.Context, userID, password string) error {
	user, err := a.db.Users.ByID(ctx, userID)
	if err != nil {
		return err
	}
	return a.prove(ctx, user, password)
}

func (a *Accounts) prove(ctx context.Context, user models.User, password string) error {
	ok, _, err := a.passwords.Verify(ctx, user.PasswordHash, password)
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
func (a *Accounts) rehash(ctx context.Context, user models.User, password string) (models.User, error) {
	hash, err := a.passwords.Hash(ctx, password)
	if errors.Is(err, ErrBusy) {
		return user, nil
	}
	if err != nil {
		return models.User{}, err
	}
	err = a.db.Users.ReplacePassword(ctx, user.ID, user.PasswordHash, hash, a.now())
	if errors.Is(err, models.ErrNotFound) { // another sign-in was first, or the person has chosen another
		if user, err = a.db.Users.ByID(ctx, user.ID); err == nil {
			err = a.prove(ctx, user, password)
		}
		return user, err
	}
	user.PasswordHash = hash
	return user, err
}
