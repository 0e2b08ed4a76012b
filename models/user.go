package models

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// User is one person. An Email on a user is a proven address, in canonical form; a person who came
// through a provider that vouches for none has "". PasswordHash is "" without a password.
type User struct {
	ID            string     `db:"id"`
	Email         string     `db:"email"`
	Name          string     `db:"name"`
	Phone         string     `db:"phone"`
	Picture       string     `db:"picture"`
	Locale        string     `db:"locale"` // the language of pages and mails; "" where none was chosen
	Roles         Roles      `db:"roles"`
	PasswordHash  string     `db:"password_hash"`
	CredentialsAt time.Time  `db:"credentials_at"` // when a way in last changed
	CreatedAt     time.Time  `db:"created_at"`
	UpdatedAt     time.Time  `db:"updated_at"`
	DisabledAt    *time.Time `db:"disabled_at"`
}

// Users is the users table.
type Users struct{ db *DB }

const userColumns = `id, COALESCE(email, '') AS email, name, phone, picture, locale, roles,
	COALESCE(password_hash, '') AS password_hash, credentials_at, created_at, updated_at, disabled_at`

// Create keeps a new user and gives it an id. ErrTaken when the address belongs to someone.
func (u Users) Create(ctx context.Context, user User, now time.Time) (User, error) {
	user = withID(user, now)
	if err := u.insert(ctx, user); err != nil {
		return User{}, err
	}
	return user, nil
}

// ByID reads one user. ErrNotFound when there is none.
func (u Users) ByID(ctx context.Context, id string) (User, error) {
	return u.one(ctx, `SELECT `+userColumns+` FROM users WHERE id = ?`, id)
}

// ByEmail reads the user who has proven this canonical address. ErrNotFound when there is none.
func (u Users) ByEmail(ctx context.Context, email string) (User, error) {
	return u.one(ctx, `SELECT `+userColumns+` FROM users WHERE email = ?`, email)
}

// Page lists those whose name or address holds a text ("" for all), the newest first: at most as many, and none
// before the person whose id is after ("" for the first page). Ids are in the order of their making (keyset).
func (u Users) Page(ctx context.Context, search, after string, most int) ([]User, error) {
	query, args := `SELECT `+userColumns+` FROM users WHERE 1 = 1`, []any{}
	if search != "" {
		pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(search)) + "%"
		query += ` AND (lower(email) LIKE ? ESCAPE '\' OR lower(name) LIKE ? ESCAPE '\')`
		args = append(args, pattern, pattern)
	}
	if after != "" {
		query += ` AND id < ?`
		args = append(args, after)
	}
	var users []User
	if err := u.db.all(ctx, &users, query+` ORDER BY id DESC LIMIT ?`, append(args, most)...); err != nil {
		return nil, fmt.Errorf("models: list users: %w", err)
	}
	return users, nil
}

// Lock holds a person's row still until the unit of work ends, so that units on one person go one after the
// other, whatever rows they touch in whichever order (deadlock). ErrNotFound when the person is gone.
func (u Users) Lock(ctx context.Context, id string) error {
	var found string
	if err := u.db.get(ctx, &found, `SELECT id FROM users WHERE id = ?`+u.db.forUpdate(), id); err != nil {
		return fmt.Errorf("models: lock user: %w", err)
	}
	return nil
}

// SetProfile changes what a person says of themselves.
func (u Users) SetProfile(ctx context.Context, id, name, phone string, now time.Time) error {
	return u.update(ctx, `name = ?, phone = ?`, id, now, name, phone)
}

// SetEmail gives a user a proven canonical address. ErrTaken when it belongs to someone else.
func (u Users) SetEmail(ctx context.Context, id, email string, now time.Time) error {
	return u.update(ctx, `email = ?, credentials_at = ?`, id, now, email, stored(now))
}

// SetRoles replaces a person's roles. ErrRoles.
func (u Users) SetRoles(ctx context.Context, id string, roles Roles, now time.Time) error {
	return u.update(ctx, `roles = ?`, id, now, roles)
}

// SetPassword replaces the password hash.
func (u Users) SetPassword(ctx context.Context, id, hash string, now time.Time) error {
	return u.update(ctx, `password_hash = ?, credentials_at = ?`, id, now, hash, stored(now))
}

// CredentialsChanged notes that a way in was taken away: a sign-in that began before does not enter.
func (u Users) CredentialsChanged(ctx context.Context, id string, now time.Time) error {
	return u.update(ctx, `credentials_at = ?`, id, now, stored(now))
}

// Rehash replaces the hash of a password by another of the same, where the old one still stands. ErrNotFound when
// the password was changed meanwhile.
func (u Users) Rehash(ctx context.Context, id, old, hash string, now time.Time) error {
	query := `UPDATE users SET password_hash = ?, updated_at = ? WHERE id = ? AND COALESCE(password_hash, '') = ?`
	return affected(u.db.exec(ctx, query, hash, stored(now), id, old))
}

// ReplacePassword sets a new hash only where the old one still stands, so that two changes at once
// cannot both believe they were first. ErrNotFound when the password was changed meanwhile.
func (u Users) ReplacePassword(ctx context.Context, id, old, hash string, now time.Time) error {
	query := `UPDATE users SET password_hash = ?, updated_at = ?, credentials_at = ?
		WHERE id = ? AND COALESCE(password_hash, '') = ?`
	return affected(u.db.exec(ctx, query, hash, stored(now), stored(now), id, old))
}

// ResetPassword sets a new hash while this address, which got the code, is still the user's.
// ErrNotFound when the address was changed or the user disabled meanwhile.
func (u Users) ResetPassword(ctx context.Context, id, email, hash string, now time.Time) error {
	query := `UPDATE users SET password_hash = ?, updated_at = ?, credentials_at = ?
		WHERE id = ? AND email = ? AND disabled_at IS NULL`
	return affected(u.db.exec(ctx, query, hash, stored(now), stored(now), id, email))
}

// SetDisabled shuts a user out, or lets them in again.
func (u Users) SetDisabled(ctx context.Context, id string, disabled bool, now time.Time) error {
	var at *time.Time
	if disabled {
		at = new(stored(now))
	}
	return u.update(ctx, `disabled_at = ?, credentials_at = ?`, id, now, at, stored(now))
}

// Delete removes a user with identities, events and picture. The rows of ended sessions stay until
// no token of theirs can be about.
func (u Users) Delete(ctx context.Context, id string) error {
	return affected(u.db.exec(ctx, `DELETE FROM users WHERE id = ?`, id))
}

func (u Users) one(ctx context.Context, query string, args ...any) (User, error) {
	var user User
	if err := u.db.get(ctx, &user, query, args...); err != nil {
		return User{}, fmt.Errorf("models: read user: %w", err)
	}
	return user, nil
}

func (u Users) update(ctx context.Context, set, id string, now time.Time, args ...any) error {
	query := `UPDATE users SET ` + set + `, updated_at = ? WHERE id = ?`
	if err := affected(u.db.exec(ctx, query, append(args, stored(now), id)...)); err != nil {
		return fmt.Errorf("models: update user: %w", err)
	}
	return nil
}

// withID is a user about to be kept for the first time.
func withID(user User, now time.Time) User {
	user.ID, user.CreatedAt, user.UpdatedAt, user.CredentialsAt = newID(), stored(now), stored(now), stored(now)
	return user
}

func (u Users) insert(ctx context.Context, user User) error {
	query := `INSERT INTO users (id, email, name, phone, picture, locale, roles, password_hash, credentials_at, created_at, updated_at)
		VALUES (?, NULLIF(?, ''), ?, ?, ?, ?, ?, NULLIF(?, ''), ?, ?, ?)`
	_, err := u.db.exec(ctx, query, user.ID, user.Email, user.Name, user.Phone,
		user.Picture, user.Locale, user.Roles, user.PasswordHash, user.CredentialsAt, user.CreatedAt, user.UpdatedAt)
	if err != nil {
		return fmt.Errorf("models: create user: %w", err)
	}
	return nil
}
