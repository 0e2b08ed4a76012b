package session

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/app/token"
)

// feed is how far this process has followed the store's list of ended sessions. Its times are the
// machine's own: they measure silence, not sessions.
type feed struct {
	cursor     string
	lastRead   atomic.Int64 // Unix nanoseconds of the last answer
	lastFailed atomic.Int64 // of the last question to the store that failed
	broken     atomic.Bool  // said so in the log
	since      atomic.Int64 // from when on the feed is whole
}

const (
	// behindAfter is how long the feed may be silent before this process calls itself behind.
	behindAfter = 1500 * time.Millisecond
	// readWithin bounds one look at the feed, its wait included.
	readWithin = 1200 * time.Millisecond
	// askAgainAfter spares requests a dead store: one in this long finds out whether it is back.
	askAgainAfter = time.Second
	// askWithin bounds what asking costs a request.
	askWithin = time.Second
)

// Open reads back the sessions that ended within the last access-token lifetime. Before that no
// request may be served: a token of an ended session would pass.
func (e *Engine) Open(ctx context.Context) error {
	if err := e.follow(ctx); err != nil {
		return fmt.Errorf("session: read the feed of ended sessions: %w", err)
	}
	return nil
}

// Run follows the feed and writes acknowledgements behind the requests, until ctx is over; then it
// writes what is left.
func (e *Engine) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { e.runFeed(ctx) })
	both.Go(func() { e.runAcknowledgements(ctx) })
	both.Wait()
}

func (e *Engine) runFeed(ctx context.Context) {
	for ctx.Err() == nil {
		if err := e.follow(ctx); err != nil && ctx.Err() == nil {
			e.lost(err)
			pause(ctx, 100*time.Millisecond)
		}
	}
}

// follow takes one look at the feed.
func (e *Engine) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	ended, cursor, err := e.store.Ended(ctx, e.feed.cursor)
	if err != nil {
		return err
	}
	for _, session := range ended {
		e.ended.add(session.SessionID)
	}
	e.feed.cursor = cursor
	if since := e.store.Since(); !since.IsZero() {
		e.feed.since.Store(since.UnixNano())
	}
	e.feed.lastRead.Store(time.Now().UnixNano())
	if e.feed.broken.Swap(false) {
		e.log.Info("the feed of ended sessions is back")
	}
	return nil
}

// lost marks the feed as behind at once. The next look reads a whole access-token lifetime back:
// the server that answers then may be another one, with another idea of the time.
func (e *Engine) lost(err error) {
	e.feed.cursor = ""
	e.feed.lastRead.Store(0)
	e.acknowledgements.forget()
	if !e.feed.broken.Swap(true) {
		e.log.Warn("the feed of ended sessions is behind", "err", err)
	}
}

// Lag is how long ago the feed was last read, for figures.
func (e *Engine) Lag() time.Duration { return time.Since(time.Unix(0, e.feed.lastRead.Load())) }

// Behind reports that sessions ended elsewhere may be unknown here.
func (e *Engine) Behind() bool { return e.Lag() > behindAfter }

// endedBehind asks the store while the feed cannot tell. If that fails too, the token is honoured
// until it expires: a store that is down signs nobody out.
func (e *Engine) endedBehind(ctx context.Context, current token.Access) bool {
	if !e.Behind() && !e.younger(current) {
		return false
	}
	failed := time.Unix(0, e.feed.lastFailed.Load())
	if time.Since(failed) < askAgainAfter {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	live := true
	err := e.ask(ctx, "live", func(ctx context.Context) (err error) {
		live, err = e.store.Live(ctx, current.UserID, current.SessionID)
		return err
	})
	if err != nil {
		e.feed.lastFailed.Store(time.Now().UnixNano())
		return false
	}
	if !live {
		e.ended.add(current.SessionID)
	}
	return !live
}

// younger reports that the feed began after this token was made: the store came back empty, and what ended
// before is not in the feed. The minute is for clocks that differ.
func (e *Engine) younger(current token.Access) bool {
	return current.IssuedAt.UnixNano() < e.feed.since.Load()-int64(time.Minute)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// endedSet is the sessions that ended while an access token of theirs may still be about.
type endedSet struct {
	keep  time.Duration
	now   func() time.Time
	mu    sync.RWMutex
	until map[string]time.Time
	sweep time.Time
}

func newEndedSet(keep time.Duration, now func() time.Time) *endedSet {
	return &endedSet{keep: keep, now: now, until: map[string]time.Time{}, sweep: now().Add(keep)}
}

func (s *endedSet) has(id string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ended := s.until[id]
	return ended
}

// add remembers an ended session for as long as its tokens could live, counted from now: whatever
// another process's clock says, that is long enough.
func (s *endedSet) add(id string) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.until[id]; !known {
		s.until[id] = now.Add(s.keep)
	}
	if now.Before(s.sweep) {
		return
	}
	s.sweep = now.Add(s.keep)
	for old, until := range s.until {
		if now.After(until) {
			delete(s.until, old)
		}
	}
}
