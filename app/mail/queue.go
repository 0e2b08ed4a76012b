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
	// queueSize is how many messages may wait in a line. There are three: a flood of sign-ups delays nobody's
	// reset, and a flood of notices no code.
	queueSize = 1000
	// codeSize is how many codes are promised in each of the two lines before. Codes live ten minutes, and a
	// mail server may take half a second for each.
	codeSize = 400
	// slack is for the codes that were asked for at the same moment, when Room still said yes.
	slack = 600
	tries = 4
	// tryTimeout bounds one try, whatever the sender does.
	tryTimeout = 30 * time.Second
)

// Queue sends behind the request, so that neither a slow mail server nor the absence of a mail
// shows in how long an answer takes.
type Queue struct {
	sender Sender
	log    *slog.Logger
	pause  func(try int) time.Duration

	lines   [3]chan job // first codes, codes, notices
	depth   [3]atomic.Int64
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
		closing: make(chan struct{}), ctx: ctx, stop: stop,
	}
	for i := range q.lines {
		q.lines[i] = make(chan job, queueSize)
	}
	for _, line := range []chan job{q.lines[notices], q.lines[notices], nil} {
		go q.work(line)
	}
	return q
}

const (
	firstCodes = iota
	codes
	notices
)

// line is where a message waits.
func (m Message) line() int {
	switch {
	case m.Code == "":
		return notices
	case m.First:
		return firstCodes
	}
	return codes
}

// Room reports whether another code would be taken, and sent in time. Whoever is about to make one asks
// first, and answers that it is busy otherwise: a code that is dropped is a person who waits for nothing.
func (q *Queue) Room(first bool) bool {
	if first {
		return q.depth[firstCodes].Load() < codeSize
	}
	return q.depth[codes].Load() < codeSize
}

// Send puts a message in line. It never blocks; a full line drops the message and logs it.
func (q *Queue) Send(message Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := message.line()
	if q.closed || q.depth[line].Load() >= queueSize {
		q.log.Error("mail dropped", "to", mask(message.To), "subject", message.Subject, "queue", q.Depth(), "closed", q.closed)
		return
	}
	q.depth[line].Add(1)
	q.open.Add(1)
	q.lines[line] <- job{Message: message, try: 1} // has room for all that depth allows
}

// Depth is how many messages are in line or being sent.
func (q *Queue) Depth() int {
	return int(q.depth[firstCodes].Load() + q.depth[codes].Load() + q.depth[notices].Load())
}

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

// work sends what goes first, then other codes, then what stands in a third line.
func (q *Queue) work(line chan job) {
	for {
		next, any := q.urgent()
		if !any {
			select {
			case <-q.ctx.Done():
				return
			case next = <-q.lines[firstCodes]:
			case next = <-q.lines[codes]:
			case next = <-line:
			}
		}
		q.attempt(next)
	}
}

// urgent is a code that waits, if there is one.
func (q *Queue) urgent() (next job, any bool) {
	for _, line := range q.lines[:notices] {
		select {
		case next = <-line:
			return next, true
		default:
		}
	}
	return job{}, false
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
	q.lines[next.line()] <- next
}

func (q *Queue) done(sent job) {
	q.depth[sent.line()].Add(-1)
	q.open.Done()
}
