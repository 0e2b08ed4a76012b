package models

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A provider's word for an address joins nobody who has given that address up meanwhile.
func TestJoinNeedsTheAddressStill(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "join.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	now := time.Now()
	user, err := db.Users.Create(t.Context(), User{Name: "Anna", Email: "new@example.com"}, now)
	if err != nil {
		t.Fatal(err)
	}
	identity := Identity{Provider: "google", Subject: "1", UserID: user.ID}
	if err := db.Identities.Join(t.Context(), identity, "old@example.com", now); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Join with the old address = %v, want ErrNotFound", err)
	}
	if err := db.Users.SetDisabled(t.Context(), user.ID, true, now); err != nil {
		t.Fatal(err)
	}
	if err := db.Identities.Join(t.Context(), identity, "new@example.com", now); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Join of a disabled user = %v, want ErrNotFound", err)
	}
}

func TestThePathOfTheFileIsTakenWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a#b %41?c.db")
	db, err := Open(t.Context(), "sqlite://"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
}
