package account

import (
	"context"
	"sync"
	"time"

	"gatehouse/app/limit"
)

// ErrBusy says that more is asked than can be done now, hashing passwords or mailing codes: try again in
// a few seconds (503).
var ErrBusy = &Error{Code: CodeBusy}

// Lane is where a password waits for its hash. A flood of sign-ins from ever new addresses fills the
// strangers' lane and no other, so it keeps nobody out who has shown something that a stranger lacks.
type Lane int

// The lanes. Known goes first: a browser that has signed in to the account, a session, or the mailed
// code. It waits for the hashes that are being made, and for no stranger's in line.
const (
	Known Lane = iota
	Strangers
)

// firstRule is how many hashes of one account may go first; what is beyond waits with the strangers, so that
// nobody fills the first lane by way of an account of their own.
var firstRule = limit.Rule{Name: "first-lane", Rate: 120, Per: time.Hour, Burst: 60}

// lane is where the next hash of an account waits whose person has shown something that strangers lack.
// Account is its address or id.
func (a *Accounts) lane(ctx context.Context, account string) Lane {
	if a.limits.Take(ctx, firstRule, a.keys.Digest("lane", account)) > 0 {
		return Strangers
	}
	return Known
}

// hashQueue lets few hash at a time, the known first, each lane in the order of arrival.
type hashQueue struct {
	parallel int // at once
	waiting  int // in each lane, at the most

	mu      sync.Mutex
	running int
	lines   [2][]chan struct{}
	begun   int64
}

func newHashQueue(parallel, waiting int) *hashQueue {
	return &hashQueue{parallel: parallel, waiting: waiting}
}

// enter waits for a turn. ErrBusy when the lane is full, or the error of ctx.
func (q *hashQueue) enter(ctx context.Context, lane Lane) error {
	q.mu.Lock()
	if len(q.lines[lane]) >= q.waiting && q.running >= q.parallel {
		q.mu.Unlock()
		return ErrBusy
	}
	turn := make(chan struct{})
	q.lines[lane] = append(q.lines[lane], turn)
	q.next()
	q.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		return q.giveUp(turn, lane, ctx.Err())
	}
}

func (q *hashQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	q.next()
}

// next lets in whoever may go, the known first.
func (q *hashQueue) next() {
	for lane := range q.lines {
		for len(q.lines[lane]) > 0 && q.running < q.parallel {
			close(q.lines[lane][0])
			q.lines[lane] = q.lines[lane][1:]
			q.running++
			q.begun++
		}
	}
}

// giveUp leaves the line or, where the turn came at the same moment, passes it on.
func (q *hashQueue) giveUp(turn chan struct{}, lane Lane, why error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, waits := range q.lines[lane] {
		if waits == turn {
			q.lines[lane] = append(q.lines[lane][:i:i], q.lines[lane][i+1:]...)
			return why
		}
	}
	q.running--
	q.next()
	return why
}

func (q *hashQueue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running + len(q.lines[Known]) + len(q.lines[Strangers])
}

func (q *hashQueue) served() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.begun
}
