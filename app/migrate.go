package main

import (
	"context"
	"fmt"
	"io"

	"gatehouse/app/config"
	"gatehouse/models"
)

// migrate brings the schema of the database up to date, as a start does.
func migrate(ctx context.Context, getenv func(string) string, out io.Writer) error {
	cfg, err := config.Load(getenv)
	if err != nil {
		return fmt.Errorf("these settings need mending:\n%w", err)
	}
	before, err := models.Look(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	db, err := models.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "schema %d, was %d\n", before.Wants, before.Has)
	return db.Close()
}
