package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// queueSize is how many notices may wait, codeSize how many codes: a flood of notices pushes no code out.
	queueSize = 1000
	codeSize  = 4000
	// slack is for the codes that were asked for at the same moment, when Room still said yes.
	slack   = 1000
	workers = 2 // for everything, and one more for codes alone
	tries   = 4
	// tryTimeout bounds one try, whatever the sender does.
	tryTimeout = 30 * time.Second
)

// Queue sends behind the request, so that neither a slow mail server nor the absence of a mail
// shows in how long an answer takes.
type Queue struct {
	sender Sender
	log    *slog.Logger
	pause  func(try int) time.Duration

	jobs    chan job // notices
	codes   chan job
	depth   atomic.Int64   // of notices
	waiting atomic.Int64   // codes
	open    sync.WaitGroup // messages neither sent nor given up
	closing chan struct{}
	ctx     context.Context // ends when Close gives up
	stop    context.CancelFunc

	mu     sync.Mutex
	closed bool
}

// job is a message at its first or a later try.
type job struct {
	Message
	try int
}

// Backoff is the pause after a try that failed: 1 s, 5 s, 25 s. Codes live ten minutes, so a mail
// that comes later is no use.
func Backoff(try int) time.Duration {
	pause := time.Second
	for range try - 1 {
		pause *= 5
	}
	return pause
}

// NewQueue starts the workers. Pause says how long to wait after the given try (Backoff).
func NewQueue(sender Sender, log *slog.Logger, pause func(try int) time.Duration) *Queue {
	ctx, stop := context.WithCancel(context.Background())
	q := &Queue{
		sender: sender, log: log, pause: pause,
		jobs: make(chan job, queueSize), codes: make(chan job, codeSize+slack),
		closing: make(chan struct{}), ctx: ctx, stop: stop,
	}
	for range workers {
		go q.work(q.jobs)
	}
	go q.work(nil)
	return q
}

// Room reports whether another code would be taken. Whoever is about to make one asks first, and answers
// that it is busy otherwise: a code that is dropped is a person who waits for nothing.
func (q *Queue) Room() bool { return q.waiting.Load() < codeSize }

// Send puts a message in line. It never blocks; a full queue drops the message and logs it.
func (q *Queue) Send(message Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	count, line, most := &q.depth, q.jobs, int64(queueSize)
	if message.Code != "" {
		count, line, most = &q.waiting, q.codes, codeSize+slack
	}
	if q.closed || count.Load() >= most {
		q.log.Error("mail dropped", "to", mask(message.To), "subject", message.Subject, "queue", q.Depth(), "closed", q.closed)
		return
	}
	count.Add(1)
	q.open.Add(1)
	line <- job{Message: message, try: 1} // has room for all that count allows
}

// Depth is how many messages are in line or being sent.
func (q *Queue) Depth() int { return int(q.depth.Load() + q.waiting.Load()) }

// Close stops taking messages and waits until those in line are sent or ctx is done. Messages that
// wait for another try get it at once.
func (q *Queue) Close(ctx context.Context) error {
	q.shut()
	defer q.stop()
	drained := make(chan struct{})
	go func() {
		q.open.Wait()
		close(drained)
	}()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("mail: %d messages not sent: %w", q.Depth(), ctx.Err())
	}
}

func (q *Queue) shut() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.closing)
	}
}

// work sends codes, and what stands in another line too, while no code waits.
func (q *Queue) work(line chan job) {
	for {
		select {
		case <-q.ctx.Done():
			return
		case next := <-q.codes:
			q.attempt(next)
			continue
		default:
		}
		select {
		case <-q.ctx.Done():
			return
		case next := <-q.codes:
			q.attempt(next)
		case next := <-line:
			q.attempt(next)
		}
	}
}

func (q *Queue) attempt(next job) {
	err := q.hand(next.Message)
	switch {
	case err == nil:
		q.done(next)
	case errors.Is(err, ErrRefused) || next.try == tries:
		q.log.Error("mail given up", "to", mask(next.To), "subject", next.Subject, "try", next.try, "error", masked(err))
		q.done(next)
	default:
		q.log.Warn("mail delayed", "to", mask(next.To), "subject", next.Subject, "try", next.try, "error", masked(err))
		go q.again(next)
	}
}

// hand gives a message to the sender. A panic there is a mail that was not sent, not the end of
// everyone's sessions.
func (q *Queue) hand(message Message) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("mail: panic: %v", cause)
		}
	}()
	ctx, cancel := context.WithTimeout(q.ctx, tryTimeout)
	defer cancel()
	return q.sender.Send(ctx, message)
}

// again puts a message back in line after its pause. No worker waits meanwhile: one address whose
// server is down must not hold up all the others.
func (q *Queue) again(next job) {
	timer := time.NewTimer(q.pause(next.try))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.closing:
	case <-q.ctx.Done():
	}
	next.try++
	if next.Code != "" {
		q.codes <- next
		return
	}
	q.jobs <- next
}

func (q *Queue) done(sent job) {
	if sent.Code != "" {
		q.waiting.Add(-1)
	} else {
		q.depth.Add(-1)
	}
	q.open.Done()
}
