package models

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// What a database may lack, or have too much of, for this program.
var (
	ErrNoSchema    = errors.New("DATABASE_URL: there is no database of Gatehouse yet; the first start makes it")
	ErrOlderSchema = errors.New("DATABASE_URL: the database is older than this program; the next start, or " +
		"`gatehouse migrate`, brings it up to date")
	ErrNewerSchema = errors.New("DATABASE_URL: the database was migrated by a newer Gatehouse; run that version or " +
		"restore a backup")
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is how far a database has come, and how far this program wants it. 0 is before the first start.
type Schema struct{ Has, Wants int64 }

// Err is nil where the program and the database fit. ErrNoSchema, ErrOlderSchema, ErrNewerSchema.
func (s Schema) Err() error {
	switch {
	case s.Has == 0:
		return ErrNoSchema
	case s.Has < s.Wants:
		return ErrOlderSchema
	case s.Has > s.Wants:
		return ErrNewerSchema
	}
	return nil
}

// Look reads the schema of a database and changes nothing.
func Look(ctx context.Context, url string) (Schema, error) {
	db, err := dial(url, false)
	if errors.Is(err, ErrNoSchema) {
		newest, err := newestSchema()
		return Schema{Wants: newest}, err
	}
	if err != nil {
		return Schema{}, err
	}
	schema, err := db.schema(ctx)
	return schema, errors.Join(err, db.Close())
}

// schema is read without the lock: processes that start together on one that is up to date need not queue for it.
func (db *DB) schema(ctx context.Context) (s Schema, err error) {
	if s.Wants, err = newestSchema(); err != nil {
		return s, err
	}
	there := `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`
	if db.postgres {
		there = `SELECT count(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')`
	}
	var tables int
	if err := db.get(ctx, &tables, there); err != nil {
		return s, fmt.Errorf("DATABASE_URL: %w", err)
	}
	if tables == 0 {
		return s, nil
	}
	if err := db.get(ctx, &s.Has, `SELECT COALESCE(max(version_id), 0) FROM goose_db_version`); err != nil {
		return s, fmt.Errorf("models: read schema version: %w", err)
	}
	return s, nil
}

// newestSchema is the number of the last migration.
func newestSchema() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("models: read migrations: %w", err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}

func (db *DB) migrate(ctx context.Context) error {
	schema, err := db.schema(ctx)
	if err != nil {
		return err
	}
	if schema.Has >= schema.Wants {
		return schema.Err()
	}
	provider, err := db.goose()
	if err != nil {
		return fmt.Errorf("models: read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("models: migrate: %w", err)
	}
	if schema, err = db.schema(ctx); err != nil {
		return err
	}
	return schema.Err()
}

func (db *DB) goose() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if !db.postgres {
		return goose.NewProvider(goose.DialectSQLite3, db.sql.DB, files)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks once a second
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db.sql.DB, files, goose.WithSessionLocker(locker))
}
