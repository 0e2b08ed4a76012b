package models

import (
	"context"
	"fmt"
	"time"
)

// DataKey is the data key sealed under one secret, which Secret names.
type DataKey struct {
	Secret    string    `db:"secret"`
	Sealed    string    `db:"sealed"`
	CreatedAt time.Time `db:"created_at"`
}

// DataKeys is the data_keys table: one key, wrapped by each secret.
type DataKeys struct{ db *DB }

// All lists the wrappings.
func (d DataKeys) All(ctx context.Context) ([]DataKey, error) {
	var all []DataKey
	if err := d.db.all(ctx, &all, `SELECT secret, sealed, created_at FROM data_keys ORDER BY secret`); err != nil {
		return nil, fmt.Errorf("models: read data keys: %w", err)
	}
	return all, nil
}

// Lock holds the table still until the unit of work ends: of processes that start at once, one makes the key.
func (d DataKeys) Lock(ctx context.Context) error {
	if d.db.Embedded() {
		return nil // its unit of work is the only one
	}
	if _, err := d.db.exec(ctx, `LOCK TABLE data_keys IN EXCLUSIVE MODE`); err != nil {
		return fmt.Errorf("models: lock data keys: %w", err)
	}
	return nil
}

// Replace keeps these wrappings and no other. Lock first.
func (d DataKeys) Replace(ctx context.Context, keys []DataKey) error {
	if _, err := d.db.exec(ctx, `DELETE FROM data_keys`); err != nil {
		return fmt.Errorf("models: replace data keys: %w", err)
	}
	for _, key := range keys {
		query := `INSERT INTO data_keys (secret, sealed, created_at) VALUES (?, ?, ?)`
		if _, err := d.db.exec(ctx, query, key.Secret, key.Sealed, stored(key.CreatedAt)); err != nil {
			return fmt.Errorf("models: replace data keys: %w", err)
		}
	}
	return nil
}
