package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/app/mail"
	"gatehouse/models"
)

const (
	// tryTimeout bounds one try, whatever the sender does.
	tryTimeout = 30 * time.Second
	// lease is how long a job in hand is nobody else's: longer than a try, and clocks may differ by the rest.
	lease = 60 * time.Second
	// pollEvery is how often a process looks for what others have left, and for what is due again.
	pollEvery = time.Second

	codeLife   = CodeLife // a code that comes later is no use
	noticeLife = 24 * time.Hour
)

// workers are three for mails and one for endings.
const workers = 4

// Open takes a first look and starts the workers: what a process before left is done now.
func (o *Outbox) Open(ctx context.Context) error {
	if err := o.look(ctx); err != nil {
		return err
	}
	// The third worker takes codes alone: notices to a server that hangs can hold up the two others.
	for i, line := range []int{notices, notices, codes} {
		o.working.Go(func() { o.work(o.wake[i], func() bool { return o.deliver(line) }) })
	}
	o.working.Go(func() { o.work(o.wake[workers-1], o.endNext) })
	o.working.Go(o.poll)
	return nil
}

// Close begins nothing more and waits until what is in hand is done, or ctx is. The rest rests in the database.
func (o *Outbox) Close(ctx context.Context) error {
	o.shut()
	defer o.abort()
	done := make(chan struct{})
	go func() {
		o.working.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	o.abort()
	<-done // what was in hand is given back, for another process or the next start
	return nil
}

// work does what is due, then waits to be woken.
func (o *Outbox) work(wake <-chan struct{}, next func() bool) {
	for o.closing.Err() == nil {
		if next() {
			continue
		}
		select {
		case <-wake:
		case <-o.closing.Done():
		}
	}
}

// poll looks now and then, and wakes the workers where something is due.
func (o *Outbox) poll() {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = o.look(o.closing) // a database that does not answer is told of by whoever needs it more
		case <-o.closing.Done():
			return
		}
	}
}

// look counts what waits, with one statement while there is nothing.
func (o *Outbox) look(ctx context.Context) error {
	counts, err := o.db.Outbox.Count(ctx, o.now())
	if err != nil {
		return err
	}
	var waiting [lines]int64
	var endings int64
	due := false
	for _, c := range counts {
		if c.Kind == models.JobEnding {
			endings += int64(c.Waiting)
		} else if c.Line < lines {
			waiting[c.Line] = int64(c.Waiting)
		}
		due = due || c.Due > 0
	}
	for i := range waiting {
		o.waiting[i].Store(waiting[i])
	}
	o.endings.Store(endings)
	if due {
		o.rouse()
	}
	return o.lookAtOldest(ctx, len(counts) > 0)
}

func (o *Outbox) lookAtOldest(ctx context.Context, any bool) error {
	if !any {
		o.oldest.Store(0)
		return nil
	}
	at, err := o.db.Outbox.Oldest(ctx)
	if err == nil {
		o.oldest.Store(at.UnixMilli())
	}
	if errors.Is(err, models.ErrNotFound) {
		o.oldest.Store(0)
		return nil
	}
	return err
}

// deliver sends the next mail that is due in a line up to this one, codes first. False when there is none.
func (o *Outbox) deliver(line int) bool {
	job, err := o.db.Outbox.Claim(o.closing, models.JobMail, line, o.now(), lease)
	if err != nil {
		return false // none, or the database does not answer: the next look wakes this worker
	}
	var l letter
	if err := o.data.Open(bodyPurpose, job.Body, &l); err != nil {
		o.giveUp(job, l, err)
		return true
	}
	if l.Kind == "" {
		o.done(job)
		return true
	}
	err = errLate
	if o.now().Before(job.CreatedAt.Add(lifeOf(job.Line))) {
		err = o.send(job.ID, l)
	}
	o.sent(job, l, err)
	return true
}

var errLate = errors.New("account: too late to be of use")

func lifeOf(line int) time.Duration {
	if line == notices {
		return noticeLife
	}
	return codeLife
}

// sent does what follows a try.
func (o *Outbox) sent(job models.Job, l letter, err error) {
	due := o.now().Add(Backoff(job.Line, job.Tries))
	switch {
	case err == nil:
		o.done(job)
	case o.sending.Err() != nil: // this process ends, which says nothing of the mail
		o.giveBack(job, o.now())
	case errors.Is(err, mail.ErrRefused), !due.Before(job.CreatedAt.Add(lifeOf(job.Line))):
		o.giveUp(job, l, err)
	default:
		o.log.Warn("mail delayed", "to", Mask(l.To), "mail", l.Kind, "try", job.Tries, "error", mail.Masked(err))
		o.giveBack(job, due)
	}
}

// Backoff is the pause after a try that failed: 1 s, 5 s, 25 s and on, at most a minute for a code and an hour
// for a notice.
func Backoff(line, try int) time.Duration {
	longest := time.Minute
	if line == notices {
		longest = time.Hour
	}
	pause := time.Second
	for i := 1; i < try && pause < longest; i++ {
		pause *= 5
	}
	return min(pause, longest)
}

// send words a mail and hands it to the sender. A panic there is a mail that was not sent, not the end of
// everyone's sessions.
func (o *Outbox) send(id string, l letter) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("account: send: panic: %v", cause)
		}
	}()
	message, err := mail.Render(l.Kind, l.To, l.Args)
	if err != nil {
		return err
	}
	message.ID = id
	ctx, cancel := context.WithTimeout(o.sending, tryTimeout)
	defer cancel()
	return o.sender.Send(ctx, message)
}

func (o *Outbox) giveUp(job models.Job, l letter, err error) {
	o.log.Error("mail given up", "to", Mask(l.To), "mail", l.Kind, "try", job.Tries, "error", mail.Masked(err))
	o.done(job)
}

// done lets a job go. A mail that was sent must not be sent again because the database was away: this worker
// has nothing else to do until it is back.
func (o *Outbox) done(job models.Job) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if o.within(func(ctx context.Context) error { return o.db.Outbox.Done(ctx, job.ID) }) == nil {
			break
		}
		select {
		case <-time.After(pause):
		case <-o.sending.Done():
			return
		}
	}
	if job.Kind == models.JobEnding {
		o.endings.Add(-1)
	} else if job.Line < lines {
		o.waiting[job.Line].Add(-1)
	}
}

// giveBack leaves a job to whoever is there when it is due. Where that fails, its lease ends it.
func (o *Outbox) giveBack(job models.Job, due time.Time) {
	_ = o.within(func(ctx context.Context) error { return o.db.Outbox.Postpone(ctx, job, due) })
}

// within bounds a write that must be done even while this process ends.
func (o *Outbox) within(write func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.sending), 5*time.Second)
	defer cancel()
	return write(ctx)
}
