package account

import (
	"context"
	"time"

	"gatehouse/models"
)

// Ending is sessions to be ended, decided in a unit of work.
type Ending struct {
	UserID    string    `json:"u"`
	SessionID string    `json:"s,omitempty"` // "" for all
	Except    string    `json:"x,omitempty"` // of all, the one that stays
	Before    time.Time `json:"b"`           // of all, those that began by then: what began later is not meant
}

const (
	// endAgain is the pause after a try that the session store did not answer.
	endAgain = 500 * time.Millisecond
	// clocksDiffer is how much later than Before a session may have begun by the store's clock. A thief's that is
	// spared is worse than an owner's that ends: a sign-in carries out what waits before it begins.
	clocksDiffer = 5 * time.Second
)

// End writes an ending into the unit of work tx. It is carried out as soon as that is committed, and again
// until the session store has answered, by whichever process.
func (o *Outbox) End(ctx context.Context, tx *models.DB, ending Ending) error {
	body, err := o.data.Seal(bodyPurpose, ending)
	if err != nil {
		return err
	}
	job := models.Job{Kind: models.JobEnding, UserID: ending.UserID, Body: body,
		Recipient: o.keys.Digest("ending", ending.UserID)}
	if err = tx.Outbox.Add(ctx, job, mostOfOne, o.now()); err == nil {
		o.endings.Add(1)
	}
	return err
}

// CarryOut carries out a person's endings that wait, now. A sign-in calls it first: what is to end must not
// outlive it, nor take the session that it starts. session.ErrUnavailable.
func (a *Accounts) CarryOut(ctx context.Context, userID string) error {
	jobs, err := a.db.Outbox.OfUser(ctx, userID, models.JobEnding)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if err := a.outbox.end(ctx, job); err != nil {
			return err
		}
		if err := a.db.Outbox.Done(ctx, job.ID); err != nil {
			return err
		}
	}
	return nil
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
	_, err := o.sessions.EndUserBefore(ctx, ending.UserID, ending.Except, ending.Before.Add(clocksDiffer))
	return err
}
