package account

import (
	"context"
	"fmt"
	"time"

	"gatehouse/app/session"
	"gatehouse/models"
)

// Ending is sessions to be ended, decided in a unit of work.
type Ending struct {
	UserID    string    `json:"u"`
	SessionID string    `json:"s,omitempty"` // "" for all
	Except    string    `json:"x,omitempty"` // of all, the one that stays
	Provider  string    `json:"p,omitempty"` // of all, those that were begun with it
	Before    time.Time `json:"b"`           // of all, those that began by then: what began later is not meant
}

const (
	// endAgain is the pause after a try that the session store did not answer.
	endAgain = 500 * time.Millisecond
	// clocksDiffer is how much later than Before a session may have begun by the store's clock. A thief's that is
	// spared is worse than an owner's that ends: a sign-in carries out what waits before it begins.
	clocksDiffer = 5 * time.Second
)

// held is how long an ending is left to the verb that decided it, which carries it out as soon as its unit of work is
// committed: no worker is to have it in hand at the same time. Whoever is killed leaves it to the workers.
const held = 5 * time.Second

// End writes an ending into the unit of work tx, held for whoever decides it. It is carried out again until the
// session store has answered, by whichever process.
func (o *Outbox) End(ctx context.Context, tx *models.DB, ending Ending) (models.Job, error) {
	body, err := o.data.Seal(bodyPurpose, ending)
	if err != nil {
		return models.Job{}, err
	}
	job, err := tx.Outbox.Add(ctx, models.Job{Kind: models.JobEnding, UserID: ending.UserID,
		Recipient: o.keys.Digest("ending", ending.UserID), Body: body, ClaimedUntil: o.now().Add(held)}, mostOfOne, o.now())
	if err == nil {
		o.endings.Add(1)
	}
	return job, err
}

// carry carries out an ending that is held, or leaves it to the workers.
func (o *Outbox) carry(ctx context.Context, job models.Job) error {
	if err := o.end(ctx, job); err != nil {
		o.giveBack(job, o.now())
		return err
	}
	o.done(job)
	return nil
}

// CarryOut carries out a person's endings that wait, now. A sign-in calls it first: what is to end must not
// outlive it, nor take the session that it starts. session.ErrUnavailable.
func (a *Accounts) CarryOut(ctx context.Context, userID string) error {
	jobs, err := a.db.Outbox.OfUser(ctx, userID, models.JobEnding)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if err := a.outbox.endNow(ctx, job.ID); err != nil {
			return err
		}
	}
	return nil
}

const (
	// othersWithin is how long an ending that a worker has in hand is waited for: longer than the session store may
	// take to answer. Whoever holds it then was killed, and it is carried out here.
	othersWithin = 2 * time.Second
	othersEvery  = 10 * time.Millisecond
)

// endNow carries out one ending. One that a worker has in hand is waited for first: carried out by both, the later
// could take a session that began in between.
func (o *Outbox) endNow(ctx context.Context, id string) error {
	for deadline := time.Now().Add(othersWithin); ; {
		job, mine, err := o.db.Outbox.Take(ctx, id, o.now(), lease)
		switch {
		case isNotFound(err):
			return nil
		case err != nil:
			return err
		case mine, time.Now().After(deadline):
			return o.carry(ctx, job)
		}
		select {
		case <-time.After(othersEvery):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", session.ErrUnavailable, ctx.Err())
		}
	}
}

// endNext carries out the next ending that is due. False when there is none, or the store does not answer.
func (o *Outbox) endNext() bool {
	job, err := o.db.Outbox.Claim(o.closing, models.JobEnding, 0, o.now(), lease)
	if err != nil {
		return false
	}
	err = o.end(o.sending, job)
	if err == nil {
		o.done(job)
		return true
	}
	if job.Tries == 1 {
		o.log.Warn("ending delayed", "user", job.UserID, "error", err)
	}
	o.giveBack(job, o.now())
	select {
	case <-time.After(endAgain):
	case <-o.closing.Done():
	}
	return true
}

func (o *Outbox) end(ctx context.Context, job models.Job) error {
	var ending Ending
	if err := o.data.Open(bodyPurpose, job.Body, &ending); err != nil {
		o.log.Error("ending given up", "user", job.UserID, "error", err)
		return nil
	}
	if ending.SessionID != "" {
		return o.sessions.End(ctx, ending.UserID, ending.SessionID)
	}
	if ending.Provider != "" {
		return o.endOfProvider(ctx, ending)
	}
	_, err := o.sessions.EndUserBefore(ctx, ending.UserID, ending.Except, ending.Before.Add(clocksDiffer))
	return err
}

// endOfProvider ends the sessions that were begun with a provider.
func (o *Outbox) endOfProvider(ctx context.Context, ending Ending) error {
	live, err := o.sessions.List(ctx, ending.UserID)
	if err != nil {
		return err
	}
	for _, one := range live {
		spared := one.ID == ending.Except || one.StartedAt.After(ending.Before.Add(clocksDiffer))
		if one.Provider != ending.Provider || spared {
			continue
		}
		if err := o.sessions.End(ctx, ending.UserID, one.ID); err != nil {
			return err
		}
	}
	return nil
}

// EndLater ends a session as soon as the session store answers, from this process's memory: for a moment when the
// database does not answer either.
func (o *Outbox) EndLater(userID, sessionID string) {
	o.working.Go(func() {
		for o.sessions.End(o.sending, userID, sessionID) != nil {
			select {
			case <-time.After(endAgain):
			case <-o.closing.Done():
				return
			}
		}
	})
}
