package account

import (
	"context"
	"errors"
	"time"

	"gatehouse/app/limit"
	"gatehouse/models"
)

// unit is one unit of work of a verb: a change, its events, its mails and the endings it demands. They are rows of
// one transaction; the mails go and the sessions end once it is committed.
type unit struct {
	*models.DB
	accounts *Accounts
	caller   Caller
	events   []models.Event
	ends     []models.Job // the endings it demands
}

// change does a unit of work. The sessions that it ends have ended when it returns, where the store answers;
// otherwise the outbox ends them as soon as it does.
func (a *Accounts) change(ctx context.Context, caller Caller, work func(u *unit) error) error {
	u := &unit{accounts: a, caller: caller}
	err := a.outbox.unit(ctx, func(tx *models.DB) error {
		u.DB, u.events, u.ends = tx, nil, nil
		return work(u)
	})
	if err != nil {
		return err
	}
	for _, event := range u.events {
		a.say(ctx, caller, event)
	}
	for _, job := range u.ends {
		if err := a.outbox.carry(ctx, job); err != nil {
			a.log.WarnContext(ctx, "sessions end later", "user", job.UserID, "err", err)
		}
	}
	return nil
}

// record keeps an event with the change it tells of.
func (u *unit) record(ctx context.Context, event models.Event) error {
	event = u.accounts.attributed(u.caller, event)
	u.events = append(u.events, event)
	if err := u.Events.Record(ctx, event); err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	return nil
}

// recordDeleted keeps the event of a deletion, without its person.
func (u *unit) recordDeleted(ctx context.Context, user models.User) error {
	event := u.accounts.attributed(u.caller, models.Event{SessionID: u.caller.Session.SessionID, Kind: models.EventDeleted,
		Detail: Mask(user.Email)})
	u.events = append(u.events, event)
	return u.Events.RecordWithout(ctx, event)
}

// end ends sessions of a person that began before now: one, or all but except.
func (u *unit) end(ctx context.Context, ending Ending) error {
	ending.Before = u.accounts.now()
	job, err := u.accounts.outbox.End(ctx, u.DB, ending)
	u.ends = append(u.ends, job)
	return err
}

// own is an event of a person in the session they speak in.
func (c Caller) own(kind, detail string) models.Event {
	return models.Event{UserID: c.Session.UserID, SessionID: c.Session.SessionID, Kind: kind, Detail: detail}
}

// attributed adds to an event who did it and when.
func (a *Accounts) attributed(caller Caller, event models.Event) models.Event {
	event.IP, event.Client, event.At = caller.ip(), caller.Client, a.now()
	return event
}

// record keeps an event of which no change tells, and writes it to the log. Failing to keep it does not undo what
// happened.
func (a *Accounts) record(ctx context.Context, caller Caller, event models.Event) {
	event = a.attributed(caller, event)
	a.say(ctx, caller, event)
	a.keep(ctx, event)
}

// say writes an event to the log.
func (a *Accounts) say(ctx context.Context, caller Caller, event models.Event) {
	a.log.InfoContext(ctx, "security", "kind", event.Kind, "user", event.UserID, "session", event.SessionID,
		"ip", event.IP, "detail", event.Detail, "id", caller.RequestID)
}

func (a *Accounts) keep(ctx context.Context, event models.Event) {
	if event.UserID == "" {
		return
	}
	err := a.db.Events.Record(ctx, event)
	if err != nil && !errors.Is(err, models.ErrNotFound) { // a person who is gone has no events
		a.log.WarnContext(ctx, "could not keep a security event", "kind", event.Kind, "err", err)
	}
}

// failedWithin bounds the keeping of a failure.
const failedWithin = 5 * time.Second

// failed keeps a failure that names a person behind the request: a row that is written for known addresses alone
// would tell them from unknown ones by the time it takes (enumeration).
func (a *Accounts) failed(ctx context.Context, caller Caller, event models.Event) {
	event = a.attributed(caller, event)
	a.say(ctx, caller, event)
	a.behind.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failedWithin)
		defer cancel()
		a.keep(ctx, event)
	})
}

// RefusedProvider keeps that a sign-in at a provider came to nothing, and why, in one word.
func (a *Accounts) RefusedProvider(ctx context.Context, caller Caller, provider, why string) {
	a.say(ctx, caller, a.attributed(caller, models.Event{Kind: models.EventSignInFailed, Detail: provider + " " + why}))
}

// Limits on what refused requests and refreshes leave behind: a few lines in the log of a client in a minute, and one
// event of a session in an hour, so that nobody can fill either with a cookie of theirs.
var (
	// LoggedRule is of the lines.
	LoggedRule  = limit.Rule{Name: "logged", Rate: 6, Per: time.Minute, Burst: 6, Local: true}
	refusedRule = limit.Rule{Name: "refused", Rate: 1, Per: time.Hour, Burst: 1}
)

// RefusedRefresh is told when a refresh token got nothing because it is forged or its session is over.
func (a *Accounts) RefusedRefresh(ctx context.Context, caller Caller, over models.Session, why string) {
	event := a.attributed(caller, models.Event{UserID: over.UserID, SessionID: over.ID, Kind: models.EventRefreshRefused,
		Detail: why})
	if a.limits.TryClient(ctx, LoggedRule, caller.IP) == nil {
		a.say(ctx, caller, event)
	}
	if over.UserID == "" || a.limits.Take(ctx, refusedRule, over.ID) > 0 {
		return
	}
	a.keep(ctx, event)
}
