// Package limit is the rate limits, against brute force, enumeration, credential stuffing and floods of mail. Attempts
// are counted across processes on Redis, in memory without it or while it is down (GCRA in both).
package limit

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// Rule allows Burst attempts at once and Rate of them in each Per after that.
type Rule struct {
	Name  string
	Rate  int
	Per   time.Duration
	Burst int
	// Local is counted in this process alone: for what costs less than asking Redis would.
	Local bool
}

// Limiter counts attempts under a key.
type Limiter struct {
	enabled  bool
	shared   *redis_rate.Limiter // nil without Redis
	memory   *memory
	failedAt atomic.Int64 // when Redis last failed, Unix nanoseconds
	log      *slog.Logger
}

// New counts on client across processes, or in this process alone when client is nil. on is false
// for load tests only.
func New(client redis.UniversalClient, enabled bool, now func() time.Time, log *slog.Logger) *Limiter {
	l := &Limiter{enabled: enabled, memory: newMemory(now), log: log}
	if client != nil {
		l.shared = redis_rate.NewLimiter(client)
	}
	return l
}

const (
	redisTimeout = 300 * time.Millisecond
	redisRetry   = time.Second
)

// Take counts one attempt and says how long to wait before the next is allowed; 0 allows this one.
// While Redis is down each process still limits by itself: failing open would let an attacker lift the limit by
// attacking Redis.
func (l *Limiter) Take(ctx context.Context, rule Rule, key string) time.Duration {
	if !l.enabled {
		return 0
	}
	if wait, ok := l.takeShared(ctx, rule, key, 1); ok {
		return wait
	}
	return l.memory.take(rule, key)
}

// Sample reports whether one more of very many may be told of in the log of this process. It holds nobody back,
// so it counts with limits off, too.
func (l *Limiter) Sample(rule Rule) bool { return l.memory.take(rule, "") == 0 }

// Give takes an attempt back that Take has counted: it was no failure, or it was not tried at all.
func (l *Limiter) Give(ctx context.Context, rule Rule, key string) {
	if !l.enabled {
		return
	}
	if _, ok := l.takeShared(ctx, rule, key, -1); !ok {
		l.memory.give(rule, key)
	}
}

// takeShared counts n attempts on Redis; false where it does not answer.
func (l *Limiter) takeShared(ctx context.Context, rule Rule, key string, n int) (time.Duration, bool) {
	if l.shared == nil || rule.Local || time.Since(time.Unix(0, l.failedAt.Load())) < redisRetry {
		return 0, false
	}
	// A cancelled request says nothing about Redis.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	rate := redis_rate.Limit{Rate: rule.Rate, Period: rule.Per, Burst: rule.Burst}
	result, err := l.shared.AllowN(ctx, "gatehouse:"+rule.Name+":"+key, rate, n)
	if err != nil {
		l.failedAt.Store(time.Now().UnixNano())
		l.log.Warn("limits are counted in this process alone", "err", err)
		return 0, false
	}
	if result.Allowed != 0 {
		return 0, true
	}
	return max(result.RetryAfter, time.Second), true
}
