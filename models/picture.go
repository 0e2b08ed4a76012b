package models

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Pictures is the pictures table: one small JPEG a person, beside the users so that reading a user
// stays cheap. User.Picture holds its hash, or "".
type Pictures struct{ db *DB }

// Set keeps a picture, or removes it when data is empty.
func (p Pictures) Set(ctx context.Context, userID, hash string, data []byte, now time.Time) error {
	return p.db.tx(ctx, func(tx *sqlx.Tx) error {
		query := p.db.sql.Rebind(`UPDATE users SET picture = ?, updated_at = ? WHERE id = ?`)
		if err := affected(tx.ExecContext(ctx, query, hash, stored(now), userID)); err != nil {
			return fmt.Errorf("models: set picture: %w", err)
		}
		if len(data) == 0 {
			_, err := tx.ExecContext(ctx, p.db.sql.Rebind(`DELETE FROM pictures WHERE user_id = ?`), userID)
			return err
		}
		query = p.db.sql.Rebind(`INSERT INTO pictures (user_id, hash, data) VALUES (?, ?, ?)
			ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, data = excluded.data`)
		_, err := tx.ExecContext(ctx, query, userID, hash, data)
		return err
	})
}

// ByUser reads a person's picture. ErrNotFound when there is none.
func (p Pictures) ByUser(ctx context.Context, userID string) ([]byte, error) {
	var data []byte
	query := p.db.sql.Rebind(`SELECT data FROM pictures WHERE user_id = ?`)
	if err := p.db.sql.GetContext(ctx, &data, query, userID); err != nil {
		return nil, fmt.Errorf("models: read picture: %w", known(err))
	}
	return data, nil
}
