// Package account is the domain: everything that a person or an operator can do, whole. Pages, the API and the
// command line are faces of one set of verbs: each takes a Caller, does all of its job (the change, its event, its
// mails and the endings it demands are one unit of work), and answers with values or errors, never with sentences.
// It sets no cookie and knows no HTTP.
package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gatehouse/app/limit"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/models"
)

// The answers a caller tells apart. Those about codes are models.ErrWrongCode and models.ErrSpentCode; the last way in
// is models.ErrLastWayIn. Refused gives the code of each that a person is told about.
var (
	// ErrCredentials is one answer to an unknown address, a wrong password and no password at all.
	ErrCredentials = &Error{Code: CodeInvalidCredentials}
	// ErrDisabled says that the right person came and an operator has shut the account.
	ErrDisabled = &Error{Code: CodeAccountDisabled}
	// ErrTaken says that a proven address came to belong to someone else meanwhile.
	ErrTaken = &Error{Code: CodeAddressTaken}
	// ErrResetBefore says that this code has set this very password: the button was pressed twice.
	ErrResetBefore = errors.New("account: password reset before")
	// ErrIdentityTaken says that this identity signs in another user.
	ErrIdentityTaken = &Error{Code: CodeIdentityTaken}
	// ErrAnotherIdentity says that this identity does not sign in the user who is to show who they are.
	ErrAnotherIdentity = &Error{Code: CodeAnotherIdentity}
	// ErrReauthenticate says that the sign-in is not fresh enough for what is asked (step-up).
	ErrReauthenticate = errors.New("account: re-authentication required")
	// ErrNoSubject says that an identity names nobody, so that it would be everyone's.
	ErrNoSubject = errors.New("account: identity without a subject")
	// ErrNoTokens says that no live provider tokens are kept: sign in with the provider again.
	ErrNoTokens = errors.New("account: no provider tokens")
)

// Accounts answers every question about people. It is safe for concurrent use.
type Accounts struct {
	db        *models.DB
	keys      *token.Keys
	data      *token.DataKey
	outbox    *Outbox
	passwords *Passwords
	limits    *limit.Limiter
	sessions  *session.Engine
	log       *slog.Logger
	now       func() time.Time
	rules     Rules

	behind sync.WaitGroup // what is kept behind the request
}

// Rules are what a team chooses.
type Rules struct {
	KeepTokens []string // providers whose tokens are kept, sealed
	Labels     models.ProviderLabels
	WrongCode  func() // is told of each, for figures; may be nil
}

func (r Rules) wrongCode() {
	if r.WrongCode != nil {
		r.WrongCode()
	}
}

// New makes Accounts on the database of an outbox, under its keys and by its clock.
func New(outbox *Outbox, passwords *Passwords, limits *limit.Limiter, rules Rules) *Accounts {
	return &Accounts{db: outbox.db, keys: outbox.keys, data: outbox.data, outbox: outbox, passwords: passwords,
		limits: limits, sessions: outbox.sessions, log: outbox.log, now: outbox.now, rules: rules}
}

// called is a provider as its button calls it.
func (a *Accounts) called(provider string) string { return a.rules.Labels.Of(provider) }

// Close waits for what is kept behind the requests.
func (a *Accounts) Close(context.Context) error {
	a.behind.Wait()
	return nil
}

// freshFor is how long after signing in a person may change their ways in.
const freshFor = 10 * time.Minute

// Fresh reports whether somebody has shown a moment ago who they are.
func (a *Accounts) Fresh(access token.Access) bool { return a.now().Sub(access.AuthTime) <= freshFor }

// SpendState notes that the state of a flow with a provider was used (replay). models.ErrTaken the second time.
func (a *Accounts) SpendState(ctx context.Context, state string, life time.Duration) error {
	return a.db.Codes.Spend(ctx, "state "+fingerprint(state), a.now(), life)
}

// fingerprint is a short name for a value: the first 96 bits of its SHA-256.
func fingerprint(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
