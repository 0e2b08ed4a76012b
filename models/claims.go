package models

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Claims are what an access token says of a person besides who they are. They rest in each session's record, so
// that a rotation carries them into the next token without asking the users table.
type Claims struct {
	Roles         Roles
	Name          string
	Email         string
	EmailVerified bool
	Picture       string // the picture's hash, not its address
}

// Claims are the claims of a user as the row stands. An address on a user is a proven one.
func (u User) Claims() Claims {
	return Claims{Roles: u.Roles, Name: u.Name, Email: u.Email, EmailVerified: u.Email != "", Picture: u.Picture}
}

// Equal reports whether both say the same.
func (c Claims) Equal(other Claims) bool {
	return slices.Equal(c.Roles, other.Roles) && c.Name == other.Name && c.Email == other.Email &&
		c.EmailVerified == other.EmailVerified && c.Picture == other.Picture
}

// Roles are the names of what a person may do, for other apps to read. They rest as words apart by spaces.
type Roles []string

// MaxRoles bounds all roles of one person, in bytes with the spaces between: they travel in a cookie, and a browser
// keeps none of more than 4 KB.
const MaxRoles = 512

// ErrRoles says that a role is no word, or that they are too long together.
var ErrRoles = errors.New("models: a role is one word without commas, and all of a person's have 512 bytes or less")

// String is how they are kept and shown.
func (r Roles) String() string { return strings.Join(r, " ") }

// Value is for the database. ErrRoles.
func (r Roles) Value() (driver.Value, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	return r.String(), nil
}

func (r Roles) validate() error {
	if len(r.String()) > MaxRoles || slices.ContainsFunc(r, invalidRole) {
		return ErrRoles
	}
	return nil
}

// invalidRole finds what could not be told apart again in a list, a header or a record.
func invalidRole(role string) bool {
	return role == "" || strings.ContainsFunc(role, func(r rune) bool {
		return r == ',' || unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
}

// Scan is Value the other way.
func (r *Roles) Scan(from any) error {
	switch kept := from.(type) {
	case string:
		*r = strings.Fields(kept)
	case []byte:
		*r = strings.Fields(string(kept))
	default:
		return fmt.Errorf("models: roles are text, not %T", from)
	}
	return nil
}
