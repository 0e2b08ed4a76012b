package account

import (
	"context"
	"errors"
	"time"

	"gatehouse/app/token"
	"gatehouse/models"
)

// ErrDataKey says that no secret of APP_SECRETS opens the data key. To make another would lose all that rests
// under the one there is, so the start stops.
var ErrDataKey = errors.New("APP_SECRETS: none of these secrets opens the data key that this database holds; " +
	"add the one it was last started with, after the new one")

// OpenDataKey opens the data key of a database with any secret that fits, and wraps it for those that lack a
// wrapping; wrappings of secrets that are gone are let go. The first process makes the key. ErrDataKey.
func OpenDataKey(ctx context.Context, db *models.DB, keys *token.Keys, now time.Time) (*token.DataKey, error) {
	data, whole, err := unwrap(ctx, db, keys)
	if err != nil || whole {
		return data, err
	}
	err = db.Tx(ctx, func(tx *models.DB) error {
		if err := tx.DataKeys.Lock(ctx); err != nil {
			return err
		}
		if data, _, err = unwrap(ctx, tx, keys); err != nil { // another process may have been quicker
			return err
		}
		if data == nil {
			data = token.NewDataKey()
		}
		return rewrap(ctx, tx, keys, data, now)
	})
	return data, err
}

// ReadDataKey is OpenDataKey for a command beside the processes that serve: it wraps nothing anew and drops no
// wrapping, so that one which was handed fewer secrets than they have takes nothing from them. ErrDataKey.
func ReadDataKey(ctx context.Context, db *models.DB, keys *token.Keys, now time.Time) (*token.DataKey, error) {
	data, _, err := unwrap(ctx, db, keys)
	if err != nil || data != nil {
		return data, err
	}
	return OpenDataKey(ctx, db, keys, now) // migrated, and never started
}

// unwrap is nil where there is no data key yet.
func unwrap(ctx context.Context, db *models.DB, keys *token.Keys) (data *token.DataKey, whole bool, err error) {
	kept, err := db.DataKeys.All(ctx)
	if err != nil || len(kept) == 0 {
		return nil, false, err
	}
	wrappings := make([]token.Wrapping, len(kept))
	for i, key := range kept {
		wrappings[i] = token.Wrapping{Secret: key.Secret, Sealed: key.Sealed}
	}
	data, whole, err = keys.Unwrap(wrappings)
	if errors.Is(err, token.ErrInvalid) {
		err = ErrDataKey
	}
	return data, whole, err
}

func rewrap(ctx context.Context, tx *models.DB, keys *token.Keys, data *token.DataKey, now time.Time) error {
	wrappings, err := keys.Wrap(data)
	if err != nil {
		return err
	}
	kept := make([]models.DataKey, len(wrappings))
	for i, w := range wrappings {
		kept[i] = models.DataKey{Secret: w.Secret, Sealed: w.Sealed, CreatedAt: now}
	}
	return tx.DataKeys.Replace(ctx, kept)
}
