// Package account decides who may be whom: signing up, proving a password or an address, joining
// a provider's identity to a person, and changing any of these. It sets no cookie: it answers with users and
// values to seal. A change and the mails it demands are one unit of work; the Outbox sends them.
package account

import (
	"errors"
	"time"

	"gatehouse/app/limit"
	"gatehouse/app/token"
	"gatehouse/models"
)

// The answers a caller tells apart. Those about codes are models.ErrWrongCode and
// models.ErrSpentCode; the last way in is models.ErrLastWayIn.
var (
	// ErrCredentials is one answer to an unknown address, a wrong password and no password at all.
	ErrCredentials = errors.New("account: wrong email or password")
	// ErrDisabled says that the right person came and an operator has shut the account.
	ErrDisabled = errors.New("account: disabled")
	// ErrTaken says that a proven address came to belong to someone else meanwhile.
	ErrTaken = errors.New("account: address taken")
	// ErrResetBefore says that this code has set this very password: the button was pressed twice.
	ErrResetBefore = errors.New("account: password reset before")
	// ErrIdentityTaken says that this identity signs in another user.
	ErrIdentityTaken = errors.New("account: identity belongs to another account")
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
	now       func() time.Time
	rules     Rules
}

// Rules are what a team chooses.
type Rules struct {
	KeepTokens []string // providers whose tokens are kept, sealed
	OIDCName   string   // what the OpenID Connect issuer is called
	WrongCode  func()   // is told of each, for figures; may be nil
}

func (r Rules) wrongCode() {
	if r.WrongCode != nil {
		r.WrongCode()
	}
}

// New makes Accounts on the database of an outbox, under its keys and by its clock.
func New(outbox *Outbox, passwords *Passwords, limits *limit.Limiter, rules Rules) *Accounts {
	return &Accounts{db: outbox.db, keys: outbox.keys, data: outbox.data, outbox: outbox, passwords: passwords,
		limits: limits, now: outbox.now, rules: rules}
}

// called is a provider as its button calls it.
func (a *Accounts) called(provider string) string {
	if provider == "oidc" && a.rules.OIDCName != "" {
		return a.rules.OIDCName
	}
	return models.ProviderName(provider)
}

// Mistakes are what is wrong with a form, a sentence for each field; "" where nothing is.
type Mistakes struct{ Name, Email, Phone, Password string }

// Error is for logs; a visitor reads the fields.
func (m Mistakes) Error() string { return "account: mistakes in the form" }

// orNil is m as an error, or none when no field has a sentence.
func (m Mistakes) orNil() error {
	if m == (Mistakes{}) {
		return nil
	}
	return m
}
