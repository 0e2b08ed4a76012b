package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// rounds is how often ResolveIdentity looks again after someone was quicker. A second look finds what the
// winner made; more are for an address or an identity that moves meanwhile.
const rounds = 4

// Resolution is whose an identity is: a user who was there, one who was Created for it, or one whom it was Linked to.
type Resolution struct {
	User            models.User
	Created, Linked bool
}

// ResolveIdentity finds or makes the user an identity signs in: the one it belongs to; else the one whose
// address the provider vouches for (linked, and told by mail); else a new one, without an address unless it is
// vouched for. ErrDisabled, ErrNoSubject.
func (a *Accounts) ResolveIdentity(ctx context.Context, caller Caller, identity models.Identity) (Resolution, error) {
	if err := requireSubject(identity); err != nil {
		return Resolution{}, err
	}
	for range rounds {
		found, err := a.resolve(ctx, caller, identity)
		if errors.Is(err, models.ErrTaken) || errors.Is(err, models.ErrNotFound) {
			continue
		}
		return found, err
	}
	return Resolution{}, fmt.Errorf("account: resolve an identity: %w", models.ErrTaken)
}

// resolve tries each way in turn. models.ErrTaken and models.ErrNotFound say that the ground moved
// between two looks.
func (a *Accounts) resolve(ctx context.Context, caller Caller, identity models.Identity) (Resolution, error) {
	known, err := a.db.Identities.Find(ctx, identity.Provider, identity.Subject)
	if err == nil {
		return a.admit(ctx, known, identity)
	}
	if !errors.Is(err, models.ErrNotFound) {
		return Resolution{}, err
	}
	address := vouchedAddress(identity)
	if address == "" {
		return a.create(ctx, identity, "")
	}
	owner, err := a.db.Users.ByEmail(ctx, address)
	if errors.Is(err, models.ErrNotFound) {
		return a.create(ctx, identity, address)
	}
	if err != nil {
		return Resolution{}, err
	}
	return a.join(ctx, caller, owner, identity)
}

// admit signs in the user an identity belongs to. What the provider says of the address has no say
// any more: whoever changes it there changes nothing here.
func (a *Accounts) admit(ctx context.Context, known, identity models.Identity) (Resolution, error) {
	user, err := a.db.Users.ByID(ctx, known.UserID)
	if err != nil {
		return Resolution{}, err
	}
	if user.DisabledAt != nil {
		return Resolution{}, ErrDisabled
	}
	return Resolution{User: user}, a.used(ctx, known, identity)
}

// join adds an identity to the owner of the address its provider vouches for. An address on a user
// is always proven, so both sides are the same person; the letter is for the case they are not.
func (a *Accounts) join(ctx context.Context, caller Caller, owner models.User,
	identity models.Identity) (Resolution, error) {
	if owner.DisabledAt != nil {
		return Resolution{}, ErrDisabled
	}
	identity, err := a.sealed(identity, "")
	if err != nil {
		return Resolution{}, err
	}
	identity.UserID = owner.ID
	err = a.change(ctx, caller, func(u *unit) error {
		if err := u.DB.Identities.Join(ctx, identity, owner.Email, a.now()); err != nil {
			return err
		}
		if err := a.tell(ctx, u.DB, owner, mail.ProviderJoined,
			mail.Args{Provider: a.called(identity.Provider)}); err != nil {
			return err
		}
		return u.record(ctx, models.Event{UserID: owner.ID, Kind: models.EventLinked, Detail: identity.Provider})
	})
	if err != nil {
		return Resolution{}, err
	}
	return Resolution{User: owner, Linked: true}, nil
}

func (a *Accounts) create(ctx context.Context, identity models.Identity, address string) (Resolution, error) {
	identity, err := a.sealed(identity, "")
	if err != nil {
		return Resolution{}, err
	}
	user, err := a.db.Identities.LinkNew(ctx, identity,
		models.User{Name: firstName(identity, a.called(identity.Provider)), Email: address}, a.now())
	if err == nil && address != "" {
		err = dropDecoys(ctx, a.db, address)
	}
	return Resolution{User: user, Created: true}, err
}

// used notes a sign-in and what the provider says now.
func (a *Accounts) used(ctx context.Context, known, identity models.Identity) error {
	identity, err := a.sealed(identity, known.Sealed)
	if err != nil {
		return err
	}
	return a.db.Identities.Used(ctx, identity, a.now())
}

// requireSubject refuses an identity that names nobody: some libraries answer an unexpected response with an empty
// subject and no error, and all such people would be one. The rest of it oauth has normalised. ErrNoSubject.
func requireSubject(identity models.Identity) error {
	if identity.Provider == "" || identity.Subject == "" {
		return ErrNoSubject
	}
	return nil
}

// vouchedAddress is the canonical address a provider has proven, or "". An address nobody vouches
// for must never reach a user: it would be taken for proven ever after.
func vouchedAddress(identity models.Identity) string {
	if !identity.Vouched {
		return ""
	}
	address, err := Canonical(identity.Email)
	if err != nil {
		return ""
	}
	return address
}

// firstName is what a new person is called until they say otherwise.
func firstName(identity models.Identity, label string) string {
	local, _, _ := strings.Cut(identity.Email, "@")
	name := []rune(cmp.Or(identity.Name, local, label+" "+lastFour(identity.Subject)))
	return strings.TrimSpace(string(name[:min(longestName, len(name))]))
}

func lastFour(subject string) string {
	letters := slices.DeleteFunc([]rune(subject), unprintable)
	return string(letters[max(0, len(letters)-4):])
}
