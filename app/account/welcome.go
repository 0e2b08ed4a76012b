package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// rounds is how often Welcome looks again after someone was quicker. A second look finds what the
// winner made; more are for an address or an identity that moves meanwhile.
const rounds = 4

// arrival is one answer of Welcome.
type arrival struct {
	user          models.User
	fresh, joined bool
}

// Welcome finds or makes the user an identity signs in: the one it belongs to; else the one whose
// address the provider vouches for (joined, and told by letter); else a new one (fresh), without
// an address unless it is vouched for. ErrDisabled.
func (a *Accounts) Welcome(ctx context.Context, identity models.Identity) (user models.User, fresh, joined bool, err error) {
	identity, err = received(identity)
	if err != nil {
		return models.User{}, false, false, err
	}
	for range rounds {
		came, err := a.arrive(ctx, identity)
		if errors.Is(err, models.ErrTaken) || errors.Is(err, models.ErrNotFound) {
			continue
		}
		if err != nil {
			return models.User{}, false, false, err
		}
		return came.user, came.fresh, came.joined, nil
	}
	return models.User{}, false, false, fmt.Errorf("account: welcome: %w", models.ErrTaken)
}

// arrive tries each way in turn. models.ErrTaken and models.ErrNotFound say that the ground moved
// between two looks.
func (a *Accounts) arrive(ctx context.Context, identity models.Identity) (arrival, error) {
	known, err := a.db.Identities.Find(ctx, identity.Provider, identity.Subject)
	if err == nil {
		return a.admit(ctx, known, identity)
	}
	if !errors.Is(err, models.ErrNotFound) {
		return arrival{}, err
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
		return arrival{}, err
	}
	return a.join(ctx, owner, identity)
}

// admit signs in the user an identity belongs to. What the provider says of the address has no say
// any more: whoever changes it there changes nothing here.
func (a *Accounts) admit(ctx context.Context, known, identity models.Identity) (arrival, error) {
	user, err := a.db.Users.ByID(ctx, known.UserID)
	if err != nil {
		return arrival{}, err
	}
	if user.DisabledAt != nil {
		return arrival{}, ErrDisabled
	}
	return arrival{user: user}, a.used(ctx, known, identity)
}

// join adds an identity to the owner of the address its provider vouches for. An address on a user
// is always proven, so both sides are the same person; the letter is for the case they are not.
func (a *Accounts) join(ctx context.Context, owner models.User, identity models.Identity) (arrival, error) {
	if owner.DisabledAt != nil {
		return arrival{}, ErrDisabled
	}
	identity, err := a.sealed(identity, "")
	if err != nil {
		return arrival{}, err
	}
	identity.UserID = owner.ID
	err = a.outbox.unit(ctx, func(tx *models.DB) error {
		if err := tx.Identities.Join(ctx, identity, owner.Email, a.now()); err != nil {
			return err
		}
		return a.tell(ctx, tx, owner, mail.ProviderJoined, mail.Args{Provider: a.called(identity.Provider)})
	})
	if err != nil {
		return arrival{}, err
	}
	return arrival{user: owner, joined: true}, nil
}

func (a *Accounts) create(ctx context.Context, identity models.Identity, address string) (arrival, error) {
	identity, err := a.sealed(identity, "")
	if err != nil {
		return arrival{}, err
	}
	user, err := a.db.Identities.LinkNew(ctx, identity, models.User{Name: firstName(identity), Email: address}, a.now())
	if err == nil && address != "" {
		err = dropDecoys(ctx, a.db, address)
	}
	return arrival{user: user, fresh: true}, err
}

// used notes a sign-in and what the provider says now.
func (a *Accounts) used(ctx context.Context, known, identity models.Identity) error {
	identity, err := a.sealed(identity, known.Sealed)
	if err != nil {
		return err
	}
	return a.db.Identities.Used(ctx, identity, a.now())
}

// received is an identity fit to be kept. Some libraries answer an unexpected reply with an empty
// subject and no error; an address may hold what no database takes.
func received(identity models.Identity) (models.Identity, error) {
	if identity.Provider == "" || identity.Subject == "" {
		return models.Identity{}, ErrNoSubject
	}
	// Changed by a letter it is another address, perhaps another person's: nobody vouches for that.
	clean := oneLine(identity.Email)
	identity.Email, identity.Vouched = clean, identity.Vouched && clean == identity.Email
	return identity, nil
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
func firstName(identity models.Identity) string {
	if name := displayName(identity.Name); name != "" {
		return name
	}
	local, _, _ := strings.Cut(identity.Email, "@")
	if name := displayName(local); name != "" {
		return name
	}
	return displayName(models.ProviderName(identity.Provider) + " " + lastFour(identity.Subject))
}

func lastFour(subject string) string {
	letters := []rune(subject)
	return string(letters[max(0, len(letters)-4):])
}
