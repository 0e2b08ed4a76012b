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
	if want := (Claims{Roles: Roles{"admin"}, Name: "Ada", Email: "ada@example.com", EmailVerified: true, Picture: "0123"}); !with.Equal(want) {
		t.Errorf("got %+v", with)
	}
	if without := (User{Name: "Ada"}).Claims(); without.EmailVerified || without.Equal(with) {
		t.Errorf("got %+v", without)
	}
}
