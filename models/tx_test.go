package models

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

var errChanged = errors.New("changed our mind")

// A unit of work leaves all of its rows or none, in however many tables, those of methods with a transaction
// of their own included.
func TestTxIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		for _, fails := range []error{errChanged, nil} {
			var user User
			err := db.Tx(t.Context(), func(tx *DB) (err error) {
				user, err = manyTables(t.Context(), tx)
				return errors.Join(err, fails)
			})
			if !errors.Is(err, fails) {
				t.Fatalf("Tx = %v, want %v", err, fails)
			}
			_, events, err := db.Events.WithUser(t.Context(), user.ID, 10)
			linked, _ := db.Identities.ByUser(t.Context(), user.ID)
			live, _ := db.Codes.Live(t.Context(), "reset", time.Now())
			_, noPicture := db.Pictures.ByUser(t.Context(), user.ID)
			if kept := fails == nil; kept != (err == nil) || kept != (len(events) == 1) || kept != (len(linked) == 1) ||
				kept != live || kept != (noPicture == nil) {
				t.Errorf("after %v: %v, %d events, %d identities, code %t, picture %v", fails, err, len(events), len(linked), live,
					noPicture)
			}
		}
	})
}

func manyTables(ctx context.Context, tx *DB) (User, error) {
	now := time.Now()
	user, err := tx.Identities.LinkNew(ctx, Identity{Provider: "google", Subject: "1"}, User{Name: "Ada"}, now)
	if err != nil {
		return User{}, err
	}
	return user, errors.Join(
		tx.Events.Record(ctx, Event{UserID: user.ID, Kind: EventSignedUp, At: now}),
		tx.Codes.Create(ctx, Code{ID: "1", Purpose: "reset", ExpiresAt: now.Add(time.Hour)}),
		tx.Codes.Try(ctx, "flow", time.Hour, now),
		tx.Pictures.Set(ctx, user.ID, "hash", []byte("jpeg"), now),
	)
}

// A Tx inside another is part of it: there is one end, the outer one's. With one writer, it would else wait
// for itself.
func TestTxJoinsTheOneItIsIn(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var user User
		err := db.Tx(ctx, func(tx *DB) error {
			err := tx.Tx(ctx, func(tx *DB) (err error) {
				user, err = tx.Users.Create(ctx, User{Name: "Ada"}, time.Now())
				return err
			})
			if _, unseen := tx.Users.ByID(ctx, user.ID); unseen != nil {
				t.Errorf("the outer one reads %v", unseen)
			}
			return errors.Join(err, errChanged)
		})
		if !errors.Is(err, errChanged) {
			t.Fatal(err)
		}
		if _, err := db.Users.ByID(ctx, user.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("the inner one stayed: %v", err)
		}
	})
}

// What the database refuses in an Attempt is undone alone, and the unit goes on, on Postgres, too.
func TestAttemptFailsAlone(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		ctx, now := t.Context(), time.Now()
		if _, err := db.Users.Create(ctx, User{Name: "Ada", Email: "ada@example.com"}, now); err != nil {
			t.Fatal(err)
		}
		var first, last User
		err := db.Tx(ctx, func(tx *DB) (err error) {
			err = tx.Attempt(ctx, func(tx *DB) (err error) {
				if first, err = tx.Users.Create(ctx, User{Name: "Part of it"}, now); err != nil {
					return err
				}
				_, err = tx.Users.Create(ctx, User{Name: "Eve", Email: "ada@example.com"}, now)
				return err
			})
			if !errors.Is(err, ErrTaken) {
				t.Errorf("Attempt = %v, want ErrTaken", err)
			}
			return tx.Attempt(ctx, func(tx *DB) (err error) {
				last, err = tx.Users.Create(ctx, User{Name: "Eve"}, now)
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Users.ByID(ctx, first.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("a part of what failed stayed: %v", err)
		}
		if _, err := db.Users.ByID(ctx, last.ID); err != nil {
			t.Error(err)
		}
	})
}

// Many units at once on one row: each sees what the one before wrote, and on SQLite none starves.
func TestTxAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		ctx, now := t.Context(), time.Now()
		user, err := db.Users.Create(ctx, User{Name: "0"}, now)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				if err := db.Tx(ctx, func(tx *DB) error { return countUp(ctx, tx, user.ID) }); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if user, err = db.Users.ByID(ctx, user.ID); err != nil || user.Name != "40" {
			t.Errorf("counted to %q, %v", user.Name, err)
		}
	})
}

func countUp(ctx context.Context, tx *DB, id string) error {
	var name string
	if err := tx.get(ctx, &name, `SELECT name FROM users WHERE id = ?`+tx.forUpdate(), id); err != nil {
		return err
	}
	var n int
	if _, err := fmt.Sscan(name, &n); err != nil {
		return err
	}
	return tx.Users.SetProfile(ctx, id, fmt.Sprint(n+1), "", time.Now())
}

// A unit that ends with its context leaves nothing, and the next one gets the writer.
func TestTxEndsWithItsContext(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Tx(ctx, func(tx *DB) error {
			_, err := tx.Users.Create(ctx, User{Name: "Ada", Email: "ada@example.com"}, time.Now())
			cancel()
			return err
		})
		if err == nil {
			t.Fatal("a unit whose context is over is kept")
		}
		err = db.Tx(t.Context(), func(tx *DB) error {
			_, err := tx.Users.Create(t.Context(), User{Name: "Ada", Email: "ada@example.com"}, time.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
