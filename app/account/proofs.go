package account

import (
	"context"
	"errors"
	"slices"

	"gatehouse/models"
)

// Password is an address and a password.
type Password struct {
	Email, Password string
	Remember        bool
}

// CodeNeeded says that the strangers' allowance of an address is used up: a code was mailed, if there is anyone to
// mail it to, and is asked beside the password. Known and unknown addresses, right passwords and wrong ones get the
// same answer (no enumeration, no lockout by strangers).
type CodeNeeded struct{ Pending CodeSignIn }

// Error is for logs.
func (CodeNeeded) Error() string { return "account: a mailed code is needed beside the password" }

// prove tries a password where the strangers' allowance of the account still lasts.
func (p Password) prove(ctx context.Context, a *Accounts, caller Caller) (proven, error) {
	address, badEmail := addressOf(p.Email)
	var none *Error
	if p.Password == "" {
		none = &Error{Code: CodePasswordRequired, Field: "password"}
	}
	if err := fieldErrors(badEmail, none); err != nil {
		return proven{}, err
	}
	guess, allowed := a.takeGuess(ctx, caller, address)
	if !allowed {
		pending, err := a.BeginCode(ctx, caller, address)
		if err != nil {
			return proven{}, err
		}
		return proven{}, CodeNeeded{pending}
	}
	user, err := a.authenticate(ctx, guess.lane, address, p.Password)
	if err == nil || errors.Is(err, ErrBusy) {
		a.giveBack(ctx, guess)
	}
	if errors.Is(err, ErrCredentials) {
		a.failed(ctx, caller, models.Event{UserID: user.ID, Kind: models.EventSignInFailed, Detail: Mask(address)})
	}
	return proven{user: user, amr: []string{"pwd"}, remember: p.Remember, event: models.EventSignedIn}, err
}

// CodeAndPassword is a mailed code and the password together, for a flow that BeginCode began.
type CodeAndPassword struct {
	Pending        CodeSignIn
	Code, Password string
	Remember       bool
}

// prove hashes nothing before the code is right; then it is in the first lane. A wrong password costs a try like a
// wrong code. models.ErrWrongCode, models.ErrSpentCode.
func (p CodeAndPassword) prove(ctx context.Context, a *Accounts, caller Caller) (proven, error) {
	user, err := a.authenticateWithCode(ctx, p.Pending, p.Code, p.Password)
	if errors.Is(err, ErrCredentials) {
		a.failed(ctx, caller, models.Event{UserID: user.ID, Kind: models.EventSignInFailed, Detail: Mask(p.Pending.Email)})
	}
	return proven{user: user, amr: []string{"pwd"}, remember: p.Remember, event: models.EventSignedIn}, err
}

// SignUpCode is the mailed code that ends a sign-up.
type SignUpCode struct {
	Pending  PendingSignUp
	Code     string
	Remember bool
}

// prove makes the user. models.ErrWrongCode, models.ErrSpentCode; ErrTaken when someone else proved the address
// first.
func (p SignUpCode) prove(ctx context.Context, a *Accounts, _ Caller) (proven, error) {
	user, err := a.verify(ctx, p.Pending, p.Code)
	return proven{user: user, amr: []string{"pwd"}, remember: p.Remember, event: models.EventSignedUp}, err
}

// Identity is what a provider said, checked.
type Identity struct {
	models.Identity
	Remember bool
}

// prove finds or makes the user of an identity. ErrNoSubject.
func (p Identity) prove(ctx context.Context, a *Accounts, caller Caller) (proven, error) {
	found, err := a.ResolveIdentity(ctx, caller, p.Identity)
	if err != nil {
		return proven{}, err
	}
	event := models.EventSignedIn
	if found.Created {
		event = models.EventSignedUp
	}
	return proven{user: found.User, amr: []string{"fed"}, provider: p.Provider, remember: p.Remember, event: event}, nil
}

// OwnPassword is the password of someone who is signed in already.
type OwnPassword struct{ Password string }

// prove counts the guess per session. limit.Exceeded.
func (p OwnPassword) prove(ctx context.Context, a *Accounts, caller Caller) (proven, error) {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return proven{}, err
	}
	return proven{user: user, amr: []string{"pwd"}}, a.proveOwn(ctx, caller, user, p.Password)
}

// proveOwn takes a password of someone who is signed in already, and keeps it where it is wrong. limit.Exceeded,
// ErrCredentials, ErrBusy.
func (a *Accounts) proveOwn(ctx context.Context, caller Caller, user models.User, password string) error {
	if err := a.takeOwn(ctx, caller); err != nil {
		return err
	}
	err := a.proveWith(ctx, a.lane(ctx, user.ID), user, password)
	if errors.Is(err, ErrCredentials) {
		a.failed(ctx, caller, caller.own(models.EventReauthFailed, ""))
	}
	return err
}

// OwnIdentity is an identity of someone who is signed in already.
type OwnIdentity struct{ models.Identity }

// prove takes only an identity that already signs in this user. ErrAnotherIdentity.
func (p OwnIdentity) prove(ctx context.Context, a *Accounts, caller Caller) (proven, error) {
	user, err := a.Me(ctx, caller)
	if err != nil {
		return proven{}, err
	}
	own, err := a.db.Identities.ByUser(ctx, user.ID)
	if err != nil {
		return proven{}, err
	}
	same := func(i models.Identity) bool { return i.Provider == p.Provider && i.Subject == p.Subject }
	if !slices.ContainsFunc(own, same) {
		return proven{}, ErrAnotherIdentity
	}
	return proven{user: user, amr: []string{"fed"}, provider: p.Provider}, nil
}
