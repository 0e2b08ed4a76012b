package session

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"gatehouse/app/tests/testkit/servers"
	"gatehouse/app/token"
	"gatehouse/models"
)

// ownRedis is a server that a test may fill or empty.
func ownRedis(t *testing.T) *redis.Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, port, _ := net.SplitHostPort(address)
	server := exec.Command(servers.Need(t, "REDIS_SERVER", "no redis-server was found"), "--port", port, "--bind",
		"127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	client := redis.NewClient(&redis.Options{Addr: address, Protocol: 2})
	t.Cleanup(func() { _ = client.Close() })
	servers.Eventually(t, "the server answers", func() bool { return client.Ping(t.Context()).Err() == nil })
	return client
}

// engine is one process on a client, under the test's clock and access-token life.
func engine(t *testing.T, client redis.UniversalClient, now func() time.Time, ttl time.Duration) *Engine {
	t.Helper()
	keys, err := token.NewKeys([]string{strings.Repeat("s", 32)}, "https://accounts.example.com", now)
	if err != nil {
		t.Fatal(err)
	}
	store := NewRedis(client, testGrace, ttl, func() time.Duration { return 0 })
	e := New(store, keys, Settings{AccessTTL: ttl, Idle: time.Hour, Max: time.Hour}, Unobserved(), now,
		slog.New(slog.DiscardHandler))
	if err := e.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// follows lets an engine run until the test ends.
func follows(t *testing.T, e *Engine) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); e.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
}

func started(t *testing.T, e *Engine) Pair {
	t.Helper()
	pair, err := e.Start(t.Context(), models.User{ID: uuid.NewString()}, Arrival{Remember: true, AMR: []string{"pwd"}})
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// A Redis that is full can be read and says nothing of what ends: a process calls itself behind, so that
// /readyz says so, and asks the store about each token meanwhile.
func TestAFullRedisIsBehind(t *testing.T) {
	t.Parallel()
	client := ownRedis(t)
	e := engine(t, client, time.Now, testKeep)
	follows(t, e)
	pair := started(t, e)
	if e.Behind() {
		t.Fatal("behind at once")
	}
	client.ConfigSet(t.Context(), "maxmemory", "1mb")
	servers.Eventually(t, "a feed that takes nothing is behind", e.Behind)
	if _, err := e.Resume(t.Context(), pair.Access); err != nil {
		t.Errorf("a live session: %v", err)
	}
	client.Del(t.Context(), key(pair.Session.UserID)) // ended by another process, which cannot say so
	servers.Eventually(t, "an ended session is refused all the same", func() bool {
		_, err := e.Resume(t.Context(), pair.Access)
		return errors.Is(err, ErrEnded)
	})
	client.ConfigSet(t.Context(), "maxmemory", "0")
	servers.Eventually(t, "there is room again", func() bool { return !e.Behind() })
}

// A store that has come back empty has forgotten who was signed out: tokens older than its feed are asked
// about, by a process that starts now too. Younger ones are not, and nobody calls the store behind.
func TestAFeedYoungerThanATokenIsAsked(t *testing.T) {
	t.Parallel()
	client := ownRedis(t)
	before := engine(t, client, func() time.Time { return time.Now().Add(-5 * time.Minute) }, testKeep)
	out, in := started(t, before), started(t, before)
	if err := before.End(t.Context(), out.Session.UserID, out.Session.ID); err != nil {
		t.Fatal(err)
	}
	record := client.HGetAll(t.Context(), key(in.Session.UserID)).Val()
	client.FlushAll(t.Context())
	client.HSet(t.Context(), key(in.Session.UserID), record) // this one was kept
	e := engine(t, client, time.Now, testKeep)
	if _, err := e.Resume(t.Context(), out.Access); !errors.Is(err, ErrEnded) {
		t.Errorf("a session that had ended: %v", err)
	}
	if _, err := e.Resume(t.Context(), in.Access); err != nil {
		t.Errorf("a session that the store knows: %v", err)
	}
	fresh := started(t, e)
	client.Del(t.Context(), key(fresh.Session.UserID)) // asked, the store would say that it is over
	if _, err := e.Resume(t.Context(), fresh.Access); err != nil || e.Behind() {
		t.Errorf("a token as young as the feed is asked about: %v", err)
	}
}

// ACCESS_TTL was made shorter: what ended is remembered for the shorter life alone.
func TestATokenThatLivesTooLongIsRefused(t *testing.T) {
	t.Parallel()
	client := ownRedis(t)
	pair := started(t, engine(t, client, time.Now, 10*time.Minute))
	shorter := engine(t, client, time.Now, 2*time.Minute)
	if _, err := shorter.Resume(t.Context(), pair.Access); !errors.Is(err, ErrNone) {
		t.Errorf("ten minutes where two are the rule: %v", err)
	}
	if next, err := shorter.Refresh(t.Context(), pair.Refresh); err != nil {
		t.Errorf("and a refresh brings none: %v", err)
	} else if _, err := shorter.Resume(t.Context(), next.Access); err != nil {
		t.Errorf("the one it brings: %v", err)
	}
	late := func() time.Time { return time.Now().Add(-5 * time.Minute) }
	if _, err := engine(t, client, late, 10*time.Minute).Resume(t.Context(), pair.Access); err != nil {
		t.Errorf("clocks that differ: %v", err)
	}
	soon := func() time.Time { return time.Now().Add(9 * time.Minute) } // near its end it is no better
	if _, err := engine(t, client, soon, 2*time.Minute).Resume(t.Context(), pair.Access); !errors.Is(err, ErrNone) {
		t.Errorf("the last minute of ten, where two are the rule: %v", err)
	}
}

// An acknowledgement that a failover lost is written again: what a process has seen is forgotten with the
// feed, and noted anew at the next request.
func TestAcknowledgementsAreWrittenAgainAfterAFailover(t *testing.T) {
	t.Parallel()
	client := ownRedis(t)
	e := engine(t, client, time.Now, testKeep)
	pair := started(t, e)
	acknowledged := func() bool {
		session, err := e.List(t.Context(), pair.Session.UserID)
		return err == nil && len(session) == 1 && session[0].Acknowledged
	}
	see := func() {
		if _, err := e.Resume(t.Context(), pair.Access); err != nil {
			t.Fatal(err)
		}
		if err := e.FlushAcknowledgements(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	lost := client.HGetAll(t.Context(), key(pair.Session.UserID)).Val()
	if see(); !acknowledged() {
		t.Fatal("not acknowledged")
	}
	client.HSet(t.Context(), key(pair.Session.UserID), lost)
	if see(); acknowledged() {
		t.Fatal("written once more without a reason")
	}
	e.lost(errors.New("another server answers"))
	if see(); !acknowledged() {
		t.Error("not acknowledged any more, and for ever")
	}
}
