package models

import (
	"context"
	"fmt"
	"time"
)

// Pictures is the pictures table: one small JPEG a person, beside the users so that reading a user
// stays cheap. User.Picture holds its hash, or "".
type Pictures struct{ db *DB }

// Set keeps a picture, or removes it when data is empty.
func (p Pictures) Set(ctx context.Context, userID, hash string, data []byte, now time.Time) error {
	return p.db.Tx(ctx, func(tx *DB) error {
		query := `UPDATE users SET picture = ?, updated_at = ? WHERE id = ?`
		if err := affected(tx.exec(ctx, query, hash, stored(now), userID)); err != nil {
			return fmt.Errorf("models: set picture: %w", err)
		}
		if len(data) == 0 {
			_, err := tx.exec(ctx, `DELETE FROM pictures WHERE user_id = ?`, userID)
			return err
		}
		query = `INSERT INTO pictures (user_id, hash, data) VALUES (?, ?, ?)
			ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, data = excluded.data`
		_, err := tx.exec(ctx, query, userID, hash, data)
		return err
	})
}

// ByUser reads a person's picture. ErrNotFound when there is none.
func (p Pictures) ByUser(ctx context.Context, userID string) ([]byte, error) {
	var data []byte
	query := `SELECT data FROM pictures WHERE user_id = ?`
	if err := p.db.get(ctx, &data, query, userID); err != nil {
		return nil, fmt.Errorf("models: read picture: %w", err)
	}
	return data, nil
}
