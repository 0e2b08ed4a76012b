package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Identity is what a provider says of a person. Provider and Subject are its key, for ever; with an OpenID Connect
// issuer the subject is "issuer#sub", for a sub is unique within its issuer alone (OpenID Connect Core, 5.7).
// Everything else may change at the provider and changes nothing here.
type Identity struct {
	Provider   string    `db:"provider"`
	Subject    string    `db:"subject"`
	UserID     string    `db:"user_id"`
	Email      string    `db:"email"`
	CreatedAt  time.Time `db:"created_at"`
	LastUsedAt time.Time `db:"last_used_at"`
	// Sealed holds the provider's tokens at rest; "" where they are not kept.
	Sealed string `db:"tokens"`

	// Name is for display only: Apple's comes from the browser, unsigned.
	Name string `db:"-"`
	// Vouched reports that the provider has proven Email belongs to this person, now.
	Vouched bool `db:"-"`
	// Tokens are the provider's own, never stored as they are.
	Tokens ProviderTokens `db:"-"`
}

// ProviderLabels are what people call the providers, on buttons and pages and in mails. OIDC is what a team calls its
// OpenID Connect issuer (OIDC_NAME); "" for "Single sign-on".
type ProviderLabels struct{ OIDC string }

// Of is the label of a provider, or the provider itself when it is none of ours.
func (l ProviderLabels) Of(provider string) string {
	switch provider {
	case "google":
		return "Google"
	case "github":
		return "GitHub"
	case "twitter":
		return "X"
	case "apple":
		return "Apple"
	case "oidc":
		return cmp.Or(l.OIDC, "Single sign-on")
	}
	return provider
}

// ProviderTokens are what a provider issued at sign-in: secrets of the person at the provider.
type ProviderTokens struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Scope   string    `json:"scope,omitempty"`
	Expiry  time.Time `json:"expiry,omitzero"`
}

// Identities is the identities table.
type Identities struct{ db *DB }

const identityColumns = `provider, subject, user_id, email, tokens, created_at, last_used_at`

// ByUser lists a person's identities, oldest first.
func (i Identities) ByUser(ctx context.Context, userID string) ([]Identity, error) {
	var found []Identity
	query := `SELECT ` + identityColumns + ` FROM identities WHERE user_id = ? ORDER BY created_at, provider, subject`
	if err := i.db.all(ctx, &found, query, userID); err != nil {
		return nil, fmt.Errorf("models: list identities: %w", err)
	}
	return found, nil
}

// Find reads one identity. ErrNotFound when nobody here has it.
func (i Identities) Find(ctx context.Context, provider, subject string) (Identity, error) {
	var identity Identity
	query := `SELECT ` + identityColumns + ` FROM identities WHERE provider = ? AND subject = ?`
	if err := i.db.get(ctx, &identity, query, provider, subject); err != nil {
		return Identity{}, fmt.Errorf("models: read identity: %w", err)
	}
	return identity, nil
}

// Link joins an identity to a user. ErrTaken when it already belongs to anyone.
func (i Identities) Link(ctx context.Context, identity Identity, now time.Time) error {
	query := `INSERT INTO identities (provider, subject, user_id, email, tokens, created_at, last_used_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`
	_, err := i.db.exec(ctx, query, identity.Provider, identity.Subject, identity.UserID,
		identity.Email, identity.Sealed, stored(now), stored(now))
	if err != nil {
		return fmt.Errorf("models: link identity: %w", err)
	}
	return nil
}

// Join links an identity to its user while the user has this address, which the provider vouches for (pre-hijacking:
// an address that was given up meanwhile joins nobody). ErrNotFound when they gave it up or were disabled meanwhile, ErrTaken
// when the identity already belongs to anyone.
func (i Identities) Join(ctx context.Context, identity Identity, email string, now time.Time) error {
	return i.db.Tx(ctx, func(tx *DB) error {
		var id string
		query := `SELECT id FROM users WHERE id = ? AND email = ? AND disabled_at IS NULL` + i.db.forUpdate()
		if err := tx.get(ctx, &id, query, identity.UserID, email); err != nil {
			return fmt.Errorf("models: join identity: %w", err)
		}
		return tx.Identities.Link(ctx, identity, now)
	})
}

// LinkNew makes a user and joins the identity to it, in one transaction. ErrTaken when the
// identity or the user's address has an owner; then nothing is kept.
func (i Identities) LinkNew(ctx context.Context, identity Identity, user User, now time.Time) (User, error) {
	user = withID(user, now)
	identity.UserID = user.ID
	err := i.db.Tx(ctx, func(tx *DB) error {
		if err := tx.Users.insert(ctx, user); err != nil {
			return err
		}
		return tx.Identities.Link(ctx, identity, now)
	})
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// Used notes a sign-in with this identity, and its sealed tokens where they are kept.
func (i Identities) Used(ctx context.Context, identity Identity, now time.Time) error {
	query := `UPDATE identities SET email = ?, tokens = ?, last_used_at = ? WHERE provider = ? AND subject = ?`
	return affected(i.db.exec(ctx, query, identity.Email, identity.Sealed, stored(now), identity.Provider,
		identity.Subject))
}

// ReplaceTokens keeps new sealed tokens where the old ones still stand. ErrNotFound when someone
// was quicker.
func (i Identities) ReplaceTokens(ctx context.Context, identity Identity, sealed string) error {
	query := `UPDATE identities SET tokens = ? WHERE provider = ? AND subject = ? AND user_id = ? AND tokens = ?`
	return affected(i.db.exec(ctx, query, sealed, identity.Provider, identity.Subject, identity.UserID, identity.Sealed))
}

// ErrLastWayIn says that without this identity its person could not sign in any more.
var ErrLastWayIn = errors.New("models: the last way to sign in")

// LastWayIn reports whether a person who gives up an identity is left without a way in: no password,
// and none of the others' providers is open.
func LastWayIn(password bool, others, open []string) bool {
	return !password && !slices.ContainsFunc(others, func(other string) bool { return slices.Contains(open, other) })
}

// Unlink takes an identity from its user, unless it is the last way in; those of providers that are
// not open are none. The user's row is locked while it counts, so two unlinks at once cannot each
// leave the other as the last.
func (i Identities) Unlink(ctx context.Context, userID, provider, subject string, open []string) error {
	return i.db.Tx(ctx, func(tx *DB) error {
		var password bool
		query := `SELECT COALESCE(password_hash, '') <> '' AND email IS NOT NULL FROM users WHERE id = ?` + i.db.forUpdate()
		if err := tx.get(ctx, &password, query, userID); err != nil {
			return fmt.Errorf("models: unlink: %w", err)
		}
		if err := tx.Identities.requireOwner(ctx, userID, provider, subject); err != nil {
			return err
		}
		var others []string
		query = `SELECT provider FROM identities WHERE user_id = ? AND NOT (provider = ? AND subject = ?)`
		if err := tx.all(ctx, &others, query, userID, provider, subject); err != nil {
			return fmt.Errorf("models: unlink: %w", err)
		}
		if LastWayIn(password, others, open) {
			return ErrLastWayIn
		}
		_, err := tx.exec(ctx, `DELETE FROM identities WHERE provider = ? AND subject = ?`, provider, subject)
		return err
	})
}

// requireOwner is ErrNotFound unless the identity is this user's.
func (i Identities) requireOwner(ctx context.Context, userID, provider, subject string) error {
	identity, err := i.Find(ctx, provider, subject)
	if err == nil && identity.UserID != userID {
		return ErrNotFound
	}
	return err
}
