package account

import (
	"context"
	"errors"
	"strings"

	"gatehouse/app/mail"
	"gatehouse/models"
)

// The verbs of those who run the site, for the command line and whatever else speaks for them. They name a person
// by id, ask for no proof, and are as whole as a person's own: the change, its event, the mail to whom it concerns
// and the endings it demands are one unit of work.

// ErrNoAddress says that a person has no address, which a password needs to sign in with.
var ErrNoAddress = errors.New("account: no address to sign in with")

// Find is the person whom an operator names, by id or by address in any spelling. models.ErrNotFound.
func (a *Accounts) Find(ctx context.Context, who string) (models.User, error) {
	if !strings.Contains(who, "@") {
		return a.db.Users.ByID(ctx, who)
	}
	address, err := Canonical(who)
	if err != nil {
		return models.User{}, models.ErrNotFound
	}
	return a.db.Users.ByEmail(ctx, address)
}

// People lists those whose name or address holds a text, the newest first, from after on (an id; "" for the first
// page).
func (a *Accounts) People(ctx context.Context, search, after string, most int) ([]models.User, error) {
	return a.db.Users.Page(ctx, search, after, most)
}

// Person is all that an operator is shown of one person.
type Person struct {
	models.User
	Identities []models.Identity
	Events     []models.Event // the newest first
	Sessions   []models.Session
	Unknown    error // why Sessions are not known: session.ErrUnavailable
}

// Look reads a person with their latest events. models.ErrNotFound.
func (a *Accounts) Look(ctx context.Context, id string, mostEvents int) (person Person, err error) {
	if person.User, person.Events, err = a.db.Events.WithUser(ctx, id, mostEvents); err != nil {
		return Person{}, err
	}
	if person.Identities, err = a.db.Identities.ByUser(ctx, id); err != nil {
		return Person{}, err
	}
	person.Sessions, person.Unknown = a.sessions.List(ctx, id)
	return person, nil
}

// operate is a unit of work of an operator on one person, whose row is held still meanwhile. models.ErrNotFound.
func (a *Accounts) operate(ctx context.Context, caller Caller, id string,
	work func(u *unit, user models.User) error) error {
	return a.change(ctx, caller, func(u *unit) error {
		if err := u.Users.Lock(ctx, id); err != nil {
			return err
		}
		user, err := u.Users.ByID(ctx, id)
		if err != nil {
			return err
		}
		return work(u, user)
	})
}

// Disable shuts a person out: every session ends, no sign-in under way enters, and mailed codes are worth nothing.
// Doing it again ends what is left.
func (a *Accounts) Disable(ctx context.Context, caller Caller, id string) error {
	return a.operate(ctx, caller, id, func(u *unit, user models.User) error {
		if err := u.end(ctx, Ending{UserID: id}); err != nil || user.DisabledAt != nil {
			return err
		}
		if err := u.Users.SetDisabled(ctx, id, true, a.now()); err != nil {
			return err
		}
		if err := dropCodes(ctx, u.DB, user); err != nil {
			return err
		}
		return u.record(ctx, models.Event{UserID: id, Kind: models.EventDisabled})
	})
}

// Enable lets a person in again, with the ways in that they had.
func (a *Accounts) Enable(ctx context.Context, caller Caller, id string) error {
	return a.operate(ctx, caller, id, func(u *unit, user models.User) error {
		if user.DisabledAt == nil {
			return nil
		}
		if err := u.Users.SetDisabled(ctx, id, false, a.now()); err != nil {
			return err
		}
		if err := dropDecoys(ctx, u.DB, user.Email); err != nil { // codes asked for meanwhile open nothing
			return err
		}
		return u.record(ctx, models.Event{UserID: id, Kind: models.EventEnabled})
	})
}

// EndSessions signs a person out everywhere. They may sign in again.
func (a *Accounts) EndSessions(ctx context.Context, caller Caller, id string) error {
	return a.operate(ctx, caller, id, func(u *unit, _ models.User) error {
		if err := u.end(ctx, Ending{UserID: id}); err != nil {
			return err
		}
		return u.record(ctx, models.Event{UserID: id, Kind: models.EventSessionsEnded})
	})
}

// SetPasswordFor gives a person a password, under the rules of every other; all sessions end, and codes that were
// mailed die. FieldErrors, ErrNoAddress.
func (a *Accounts) SetPasswordFor(ctx context.Context, caller Caller, id, password string) error {
	user, err := a.db.Users.ByID(ctx, id)
	if err != nil {
		return err
	}
	if user.Email == "" {
		return ErrNoAddress
	}
	if err := fieldErrors(a.passwords.weakness(password, user.Name, user.Email)); err != nil {
		return err
	}
	hash, err := a.passwords.Hash(ctx, Known, password)
	if err != nil {
		return err
	}
	return a.operate(ctx, caller, id, func(u *unit, user models.User) error {
		if err := u.Users.SetPassword(ctx, id, hash, a.now()); err != nil {
			return err
		}
		if err := dropCodes(ctx, u.DB, user); err != nil {
			return err
		}
		if err := a.tell(ctx, u.DB, user, mail.PasswordChanged, mail.Args{}); err != nil {
			return err
		}
		if err := u.end(ctx, Ending{UserID: id}); err != nil {
			return err
		}
		return u.record(ctx, models.Event{UserID: id, Kind: models.EventPasswordChanged})
	})
}

// SetEmailFor gives a person an address that the operator vouches for: whoever reads mail there can reset the
// password. The address before is told; sessions stay, and claim the new one from their next rotation on.
// FieldErrors, ErrTaken.
func (a *Accounts) SetEmailFor(ctx context.Context, caller Caller, id, email string) error {
	address, bad := addressOf(email)
	if bad != nil {
		return FieldErrors{bad}
	}
	err := a.operate(ctx, caller, id, func(u *unit, user models.User) error {
		if user.Email == address {
			return nil
		}
		if err := a.moveTo(ctx, u.DB, user, address); err != nil {
			return err
		}
		return u.record(ctx, models.Event{UserID: id, Kind: models.EventEmailChanged, Detail: Mask(address)})
	})
	if errors.Is(err, models.ErrTaken) {
		return ErrTaken
	}
	if err == nil {
		a.reclaim(ctx, id)
	}
	return err
}

// SetRoles replaces a person's roles; the next rotation of each session carries them. models.ErrRoles.
func (a *Accounts) SetRoles(ctx context.Context, caller Caller, id string, roles models.Roles) error {
	err := a.operate(ctx, caller, id, func(u *unit, user models.User) error {
		if user.Roles.String() == roles.String() {
			return nil
		}
		if err := u.Users.SetRoles(ctx, id, roles, a.now()); err != nil {
			return err
		}
		return u.record(ctx, models.Event{UserID: id, Kind: models.EventRolesChanged, Detail: roles.String()})
	})
	if err == nil { // again where they are the same: the store may not have answered the first time
		a.reclaim(ctx, id)
	}
	return err
}

// Remove deletes a person and all that is theirs; every session ends, and they are told.
func (a *Accounts) Remove(ctx context.Context, caller Caller, id string) error {
	user, err := a.db.Users.ByID(ctx, id)
	if err != nil {
		return err
	}
	return a.remove(ctx, caller, user)
}
