package account

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/app/mail"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/models"
)

// The lines of the outbox. A flood of sign-ups delays nobody's reset, and a flood of notices no code.
const (
	firstCodes = iota // codes of people who have an account
	codes             // codes of sign-ups
	notices
	lines
)

const (
	// mostCodes is how many codes are promised in each of the two lines before. Codes live ten minutes, and a mail
	// server may take half a second for each.
	mostCodes = 400
	// mostNotices bounds the notices that wait, and mostOfOne all that wait for one recipient in one line: beyond,
	// a mail is dropped, so that a flood fills nothing for ever.
	mostNotices = 10_000
	mostOfOne   = 1000
)

// Outbox does what a unit of work has decided and what must not be lost: it sends mails and ends sessions. What
// is to be done rests in the database, sealed, from the commit on; the workers of every process take it from
// there, so neither a slow mail server nor the absence of a mail shows in how long an answer takes (timing).
//
// A mail is sent at least once, under one Message-ID; twice only where a process is killed between the
// server's answer and our commit.
type Outbox struct {
	db       *models.DB
	data     *token.DataKey
	keys     *token.Keys
	sender   mail.Sender
	sessions *session.Engine
	log      *slog.Logger
	now      func() time.Time

	waiting [lines]atomic.Int64 // as of the last look, and what this process has done since
	endings atomic.Int64
	oldest  atomic.Int64 // Unix ms of the job that has waited the longest; 0 without one

	wake    [workers]chan struct{}
	working sync.WaitGroup
	closing context.Context // no job is begun any more
	sending context.Context // nor finished
	shut    func()
	abort   func()
}

// NewOutbox makes one. Open it to have its work done.
func NewOutbox(db *models.DB, data *token.DataKey, keys *token.Keys, sender mail.Sender, sessions *session.Engine,
	log *slog.Logger, now func() time.Time) *Outbox {
	o := &Outbox{db: db, data: data, keys: keys, sender: sender, sessions: sessions, log: log, now: now}
	o.sending, o.abort = context.WithCancel(context.Background())
	o.closing, o.shut = context.WithCancel(o.sending)
	for i := range o.wake {
		o.wake[i] = make(chan struct{}, 1)
	}
	return o
}

// letter is a mail to be sent, as it rests in the outbox. One without a kind is a decoy: for an address that
// gets none, the same row is written and nothing is sent (enumeration).
type letter struct {
	Kind mail.Kind `json:"k,omitempty"`
	To   string    `json:"t"`
	Args mail.Args `json:"a"`
}

const bodyPurpose = "outbox"

// mail writes a mail for an address into the unit of work tx. Whoever belongs to the address is user, or "".
// A notice beyond what may wait is dropped, and logged.
func (o *Outbox) mail(ctx context.Context, tx *models.DB, line int, user string, l letter) error {
	body, err := o.data.Seal(bodyPurpose, l)
	if err != nil {
		return err
	}
	if line == notices && o.waiting[notices].Load() >= mostNotices {
		o.dropped(l)
		return nil
	}
	job := models.Job{Kind: models.JobMail, Line: line, UserID: user, Recipient: o.keys.Digest("outbox", l.To), Body: body}
	_, err = tx.Outbox.Add(ctx, job, mostOfOne, o.now())
	if errors.Is(err, models.ErrFull) {
		o.dropped(l)
		return nil
	}
	if err == nil {
		o.waiting[line].Add(1)
	}
	return err
}

func (o *Outbox) dropped(l letter) {
	o.log.Error("mail dropped", "to", Mask(l.To), "mail", l.Kind, "waiting", o.Waiting())
}

// room reports whether another code would be taken, and sent in time. Whoever is about to make one asks first,
// and answers that it is busy otherwise: a code that is dropped is a person who waits for nothing.
func (o *Outbox) room(first bool) bool {
	if first {
		return o.waiting[firstCodes].Load() < mostCodes
	}
	return o.waiting[codes].Load() < mostCodes
}

// Waiting is how many mails and endings wait or are being done, in all processes; at most a second old.
func (o *Outbox) Waiting() int {
	all := o.endings.Load()
	for i := range o.waiting {
		all += o.waiting[i].Load()
	}
	return int(max(0, all))
}

// Age is how long the oldest of them has waited.
func (o *Outbox) Age() time.Duration {
	at := o.oldest.Load()
	if at == 0 {
		return 0
	}
	return max(0, o.now().Sub(time.UnixMilli(at)))
}

// unit is a unit of work whose jobs are begun as soon as it is committed.
func (o *Outbox) unit(ctx context.Context, work func(tx *models.DB) error) error {
	if err := o.db.Tx(ctx, work); err != nil {
		return err
	}
	o.rouse()
	return nil
}

func (o *Outbox) rouse() {
	for _, worker := range o.wake {
		select {
		case worker <- struct{}{}:
		default:
		}
	}
}
