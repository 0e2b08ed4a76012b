package server

import (
	"context"
	"sync"
	"time"
)

// askAgain bounds what strangers who ask /readyz cost the database: ten questions a second.
const askAgain = 100 * time.Millisecond

// problems lists what keeps this process from serving well, for /readyz.
func (s *Server) problems(ctx context.Context) map[string]string {
	found := map[string]string{}
	if s.draining.Load() {
		found["process"] = "shutting down"
	}
	if err := s.pings.within(askAgain, func() error { return s.DB.Ping(ctx) }); err != nil {
		found["database"] = "does not answer"
	}
	if s.Sessions.Behind() {
		found["sessions"] = "the feed of ended sessions is behind: the session store does not answer"
	}
	return found
}

// recent is the last answer to one question, for all who ask it in the same moment.
type recent struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// within is an answer no older than age; ask is called for a new one, by one caller at a time.
func (r *recent) within(age time.Duration, ask func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at.IsZero() || time.Since(r.at) > age {
		r.err = ask()
		r.at = time.Now()
	}
	return r.err
}
