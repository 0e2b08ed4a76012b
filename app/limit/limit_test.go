package limit

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"gatehouse/app/tests/testkit/servers"
)

var quiet = slog.New(slog.DiscardHandler)

// slow rules give nothing back while a test runs.
func slow(burst int) Rule { return Rule{Name: "test", Rate: 1, Per: time.Hour, Burst: burst} }

func shared(t *testing.T) redis.UniversalClient {
	t.Helper()
	options, err := redis.ParseURL(servers.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// both runs a test on counts in memory and on counts in Redis that two processes share.
func both(t *testing.T, test func(t *testing.T, limiters []*Limiter)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, []*Limiter{New(nil, true, time.Now, quiet)}) })
	t.Run("redis", func(t *testing.T) {
		test(t, []*Limiter{New(shared(t), true, time.Now, quiet), New(shared(t), true, time.Now, quiet)})
	})
}

// However many come at once, as many as the rule says are let in: not one more.
func TestExactlyTheBurstIsAllowed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, limiters []*Limiter) {
		for _, burst := range []int{1, 10, 60} {
			allowed := rush(t, limiters, burst)
			for i := 0; i < 5 && alone(limiters); i++ {
				allowed = rush(t, limiters, burst)
			}
			if allowed != int64(burst) {
				t.Errorf("%d of 200 at once are allowed, want %d", allowed, burst)
			}
		}
	})
}

// rush counts how many of 200 at once are let in.
func rush(t *testing.T, limiters []*Limiter, burst int) int64 {
	key := uuid.NewString()
	var allowed atomic.Int64
	var all sync.WaitGroup
	ready := make(chan struct{})
	for i := range 200 {
		all.Go(func() {
			<-ready
			if limiters[i%len(limiters)].Take(t.Context(), slow(burst), key) == 0 {
				allowed.Add(1)
			}
		})
	}
	close(ready)
	all.Wait()
	return allowed.Load()
}

// alone reports whether a process has counted by itself since it was last asked: on a loaded machine
// Redis may take too long for that reason alone.
func alone(limiters []*Limiter) (found bool) {
	for _, l := range limiters {
		found = l.failedAt.Swap(0) != 0 || found
	}
	return found
}

func TestKeysAndRulesCountApart(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, limiters []*Limiter) {
		key, l := uuid.NewString(), limiters[0]
		other := slow(1)
		other.Name = "other"
		for name, wait := range map[string]time.Duration{
			"the first":    l.Take(t.Context(), slow(1), key),
			"another key":  l.Take(t.Context(), slow(1), key+"x"),
			"another rule": l.Take(t.Context(), other, key),
		} {
			if wait != 0 {
				t.Errorf("%s waits %s", name, wait)
			}
		}
		if l.Take(t.Context(), slow(1), key) == 0 {
			t.Error("the second of one is allowed")
		}
	})
}

// Whoever waits as long as told is let in; whoever does not is told no less.
func TestWaitingHelps(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	l := New(nil, true, func() time.Time { return time.Unix(0, ahead.Load()) }, quiet)
	rule := Rule{Name: "test", Rate: 60, Per: time.Minute, Burst: 5}
	for range rule.Burst {
		if wait := l.Take(t.Context(), rule, "k"); wait != 0 {
			t.Fatalf("within the burst: %s", wait)
		}
	}
	for range 100 { // a refused attempt costs nothing: no lockout by asking on
		wait := l.Take(t.Context(), rule, "k")
		if wait < time.Second || wait > 2*time.Second {
			t.Fatalf("past the burst: %s", wait)
		}
	}
	ahead.Add(int64(time.Second))
	if wait := l.Take(t.Context(), rule, "k"); wait != 0 {
		t.Fatalf("after the wait: %s", wait)
	}
	if l.Take(t.Context(), rule, "k") == 0 {
		t.Fatal("a second gives back more than one")
	}
	ahead.Add(int64(time.Hour))
	for range rule.Burst {
		if wait := l.Take(t.Context(), rule, "k"); wait != 0 {
			t.Fatalf("an hour later: %s", wait)
		}
	}
	if l.Take(t.Context(), rule, "k") == 0 {
		t.Fatal("an hour gives back more than the burst")
	}
}

// While Redis is down each process limits by itself, and says so; it does not ask the dead for each.
func TestWithoutRedisAProcessLimitsByItself(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // takes connections and never answers: Redis hung
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), MaxRetries: -1, ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()
	var said servers.LogBuffer
	l := New(client, true, time.Now, slog.New(slog.NewTextHandler(&said, nil)))
	began, allowed := time.Now(), 0
	for range 100 {
		if l.Take(t.Context(), slow(10), "k") == 0 {
			allowed++
		}
	}
	if took := time.Since(began); allowed != 10 ||
		took > 50*redisTimeout { // asked for each, the dead would take twice as long
		t.Errorf("%d of 100 allowed in %s, want 10 in %s", allowed, took, redisTimeout)
	}
	if !strings.Contains(said.String(), "in this process alone") {
		t.Errorf("the log says %q", said.String())
	}
}

// A hung-up browser says nothing about Redis: the others still count together.
func TestACancelledRequestDoesNotSplitTheCount(t *testing.T) {
	t.Parallel()
	l, key := New(shared(t), true, time.Now, quiet), uuid.NewString()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 5 {
		l.Take(gone, slow(1), key)
		if l.Take(t.Context(), slow(1), key); !alone([]*Limiter{l}) {
			return
		}
	}
	t.Error("one cancelled request has this process count alone")
}

// An attacker with many addresses costs memory only so far, and each new one little time.
func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(time.Now)
	began := time.Now()
	for i := range 3 * maxKeys {
		m.take(slow(1), strconv.Itoa(i))
	}
	if size := len(m.tables["test"].fullAt); size > maxKeys || size < maxKeys/2 {
		t.Errorf("%d keys are kept, want %d at most and half of it at least", size, maxKeys)
	}
	if each := time.Since(began) / (3 * maxKeys); each > 100*time.Microsecond {
		t.Errorf("a key in a full table takes %s", each)
	}
}

// A flood from ever new addresses forgets nothing of another rule, and of its own rule itself before
// those who have used up what they have.
func TestAFloodForgetsItself(t *testing.T) {
	t.Parallel()
	m, other := newMemory(time.Now), slow(1)
	other.Name = "other"
	m.take(other, "once")
	const spent = 1000
	for i := range spent {
		for range 5 {
			m.take(slow(5), "spent "+strconv.Itoa(i))
		}
	}
	for i := range 3 * maxKeys {
		m.take(slow(5), strconv.Itoa(i))
	}
	if m.take(other, "once") == 0 {
		t.Error("a flood of one rule has another rule forgotten")
	}
	again := 0
	for i := range spent {
		if m.take(slow(5), "spent "+strconv.Itoa(i)) == 0 {
			again++
		}
	}
	if again > 0 {
		t.Errorf("a flood gives %d of %d another attempt", again, spent)
	}
}

func TestOffIsOff(t *testing.T) {
	t.Parallel()
	l := New(nil, false, time.Now, quiet)
	for range 100 {
		if l.Take(t.Context(), slow(1), "k") != 0 {
			t.Fatal("limits are off, and limit")
		}
	}
}

// What is told of is bounded whether limits are on or off.
func TestSampleIsBoundedAlways(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		l, told := New(nil, on, time.Now, quiet), 0
		for range 20 {
			if l.Sample(slow(5)) {
				told++
			}
		}
		if told != 5 {
			t.Errorf("limits on %t: told of %d of 20, want 5", on, told)
		}
	}
}
