package server

import (
	"context"
	"sync"
	"time"

	"gatehouse/handlers/web"
)

// askAgain bounds what strangers who ask /readyz cost the database: ten questions a second.
const askAgain = 100 * time.Millisecond

// lateAfter is how long a mail may wait before its sending counts as degraded: three tries of a code have failed.
const lateAfter = 2 * time.Minute

// ready says what keeps this process from serving, and what serves less well, for /readyz. Without mails people
// still sign in, so a balancer must not look away: no other process would send them either.
func (s *Server) ready(ctx context.Context) web.Readiness {
	found := web.Readiness{Problems: s.problems(ctx), Degraded: map[string]string{}}
	if age := s.Outbox.Age(); age > lateAfter {
		found.Degraded["mail"] = "the oldest mail or ending has waited for " + age.Round(time.Second).String() +
			": the log says why"
	}
	return found
}

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
