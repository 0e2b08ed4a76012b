package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"gatehouse/app/limit"
	"gatehouse/models"
)

// PictureRule is of the pictures that a person has drawn: the dearest thing that they can ask for.
var PictureRule = limit.Rule{Name: "picture", Rate: 20, Per: 10 * time.Minute, Burst: 20}

// SetPicture keeps the caller's picture. draw makes it, and is asked only within their allowance. limit.Exceeded, and
// the error of draw, with the person as they are.
func (a *Accounts) SetPicture(ctx context.Context, caller Caller, draw func() ([]byte, error)) (models.User, error) {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return models.User{}, err
	}
	if err := a.limits.Try(ctx, PictureRule, user.ID); err != nil {
		return user, err
	}
	drawn, err := draw()
	if err != nil {
		return user, err
	}
	sum := sha256.Sum256(drawn)
	return a.keepPicture(ctx, caller, user, hex.EncodeToString(sum[:8]), drawn)
}

// RemovePicture takes the caller's picture away.
func (a *Accounts) RemovePicture(ctx context.Context, caller Caller) (models.User, error) {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return models.User{}, err
	}
	return a.keepPicture(ctx, caller, user, "", nil)
}

func (a *Accounts) keepPicture(ctx context.Context, caller Caller, user models.User, hash string,
	drawn []byte) (models.User, error) {
	err := a.change(ctx, caller, func(u *unit) error {
		if err := u.Pictures.Set(ctx, user.ID, hash, drawn, a.now()); err != nil {
			return err
		}
		return u.record(ctx, caller.own(models.EventProfileChanged, "picture"))
	})
	if err != nil {
		return user, err
	}
	user.Picture = hash
	a.reclaim(ctx, user.ID)
	return user, nil
}

// Picture is the caller's own; nobody else can ask for it. models.ErrNotFound.
func (a *Accounts) Picture(ctx context.Context, caller Caller) ([]byte, error) {
	return a.db.Pictures.ByUser(ctx, caller.Session.UserID)
}
