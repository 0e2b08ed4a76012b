package account

import (
	"context"
	"crypto/rand"
	"net/netip"
	"slices"

	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/models"
)

// Caller is who asks: what a request, or a command, knows of itself. Each verb takes one.
type Caller struct {
	IP        netip.Addr   // client address; the zero Addr for a command
	Client    string       // browser and system in words
	RequestID string       // of its line in the log
	Device    Device       // what its browser remembers
	Session   token.Access // the session it speaks in; zero for a guest
}

// Device is what a browser remembers of the accounts it has signed in to, to be sealed into a cookie. The accounts
// are fingerprints without a key: a rotated secret makes no stranger of anyone.
type Device struct {
	ID       string   `json:"i"`
	Accounts []string `json:"a"`
}

// mostAccounts is how many accounts a browser remembers, the newest.
const mostAccounts = 5

// Knows reports whether this browser has signed in to the account of a canonical address before.
func (d Device) Knows(address string) bool { return slices.Contains(d.Accounts, fingerprint(address)) }

// With is the device once it has signed in to the account of a canonical address.
func (d Device) With(address string) Device {
	if d.ID == "" {
		d.ID = rand.Text()
	}
	if !d.Knows(address) {
		d.Accounts = append(slices.Clone(d.Accounts), fingerprint(address))
	}
	d.Accounts = d.Accounts[max(0, len(d.Accounts)-mostAccounts):]
	return d
}

// ip is the client address for a record; "" for a command.
func (c Caller) ip() string {
	if !c.IP.IsValid() {
		return ""
	}
	return c.IP.String()
}

// Me reads whoever is asking. session.ErrNone for a guest. Somebody who is gone or disabled has no session any
// more: what they still hold ends, with session.ErrEnded.
func (a *Accounts) Me(ctx context.Context, caller Caller) (models.User, error) {
	if caller.Session.UserID == "" {
		return models.User{}, session.ErrNone
	}
	user, err := a.db.Users.ByID(ctx, caller.Session.UserID)
	return a.admitted(ctx, caller, user, err)
}

// Activity is Me with the latest events, newest first, in one question.
func (a *Accounts) Activity(ctx context.Context, caller Caller, most int) (models.User, []models.Event, error) {
	user, events, err := a.db.Events.WithUser(ctx, caller.Session.UserID, most)
	user, err = a.admitted(ctx, caller, user, err)
	return user, events, err
}

// admitted judges the row of whoever is asking.
func (a *Accounts) admitted(ctx context.Context, caller Caller, user models.User, err error) (models.User, error) {
	if err == nil && user.DisabledAt == nil {
		return user, nil
	}
	if err != nil && !isNotFound(err) {
		return models.User{}, err
	}
	if _, err := a.sessions.EndUser(ctx, caller.Session.UserID, ""); err != nil {
		return models.User{}, err
	}
	return models.User{}, session.ErrEnded
}
