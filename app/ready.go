package main

import (
	"context"
	"sync"
	"time"
)

// askAgain bounds what strangers who ask /readyz cost the database: ten questions a second.
const askAgain = 100 * time.Millisecond

// problems lists what keeps this process from serving well, for /readyz.
func (a *app) problems(ctx context.Context) map[string]string {
	found := map[string]string{}
	if a.draining.Load() {
		found["process"] = "shutting down"
	}
	if err := a.pings.within(askAgain, func() error { return a.db.Ping(ctx) }); err != nil {
		found["database"] = "does not answer"
	}
	if a.sessions.Behind() {
		found["sessions"] = "the feed of ended sessions is behind: the session store does not answer"
	}
	return found
}

// asked is the last answer to one question, for all who ask it in the same moment.
type asked struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// within is an answer no older than age; ask is called for a new one, by one caller at a time.
func (a *asked) within(age time.Duration, ask func() error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at.IsZero() || time.Since(a.at) > age {
		a.err = ask()
		a.at = time.Now()
	}
	return a.err
}
