package models

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRolesRestWithTheirPerson(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "roles.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	now := time.Now()
	user, err := db.Users.Create(t.Context(), User{Name: "Ada", Email: "ada@example.com", Locale: "bn"}, now)
	if err != nil {
		t.Fatal(err)
	}
	most := Roles{strings.Repeat("a", 255), strings.Repeat("b", 256)}
	for _, roles := range []Roles{{"admin"}, {"admin", "billing:read"}, most, nil} {
		if err := db.Users.SetRoles(t.Context(), user.ID, roles, now); err != nil {
			t.Fatal(err)
		}
		got, err := db.Users.ByID(t.Context(), user.ID)
		if err != nil || !slices.Equal(got.Roles, roles) || got.Locale != "bn" || !got.CredentialsAt.Equal(stored(now)) {
			t.Errorf("got %+v, %v, want %q", got, err, roles)
		}
	}
	for _, roles := range []Roles{{""}, {"two words"}, {"one,two"}, {"tab\t"}, {"line\n"}, append(most, "c")} {
		if err := db.Users.SetRoles(t.Context(), user.ID, roles, now); !errors.Is(err, ErrRoles) {
			t.Errorf("%q: %v", roles, err)
		}
	}
}

// An address on a user is a proven one: whoever has none claims none.
func TestClaimsOfAUser(t *testing.T) {
	t.Parallel()
	with := User{Name: "Ada", Email: "ada@example.com", Picture: "0123", Roles: Roles{"admin"}}.Claims()
	if want := (Claims{Roles: Roles{"admin"}, Name: "Ada", Email: "ada@example.com", EmailVerified: true,
		Picture: "0123"}); !with.Equal(want) {
		t.Errorf("got %+v", with)
	}
	if without := (User{Name: "Ada"}).Claims(); without.EmailVerified || without.Equal(with) {
		t.Errorf("got %+v", without)
	}
}

// Roles and what the sessions claim of them change together or not at all, where sessions live in the database.
func TestARewritingBelongsToItsUnitOfWork(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		now := time.Now()
		user, err := db.Users.Create(t.Context(), User{Name: "Ada"}, now)
		if err != nil {
			t.Fatal(err)
		}
		rules := func(db *DB) Sessions {
			return db.Sessions.With(time.Second, time.Minute, func() time.Duration { return 0 })
		}
		session := Session{ID: "AAAAAAAAAAAAAAAAAAAAAA", UserID: user.ID, Count: 1, Idle: time.Hour, AMR: []string{"pwd"}}
		if _, _, err := rules(db).Start(t.Context(), session, time.Hour); err != nil {
			t.Fatal(err)
		}
		for _, fails := range []error{errChanged, nil} {
			err := db.Tx(t.Context(), func(tx *DB) error {
				roles := Roles{"admin"}
				return errors.Join(tx.Users.SetRoles(t.Context(), user.ID, roles, now),
					rules(tx).Rewrite(t.Context(), user.ID, Claims{Roles: roles}), fails)
			})
			if !errors.Is(err, fails) {
				t.Fatalf("Tx = %v, want %v", err, fails)
			}
			live, err := rules(db).ByUser(t.Context(), user.ID)
			if err != nil || len(live) != 1 || (len(live[0].Claims.Roles) == 1) != (fails == nil) {
				t.Errorf("after %v: %+v, %v", fails, live, err)
			}
		}
	})
}
