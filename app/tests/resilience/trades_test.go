//go:build resilience

package resilience_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/session"
	"gatehouse/models"
)

// moved is a clock that a scenario moves: the processes' and, through ahead, the store's.
type moved struct{ by atomic.Int64 }

func (m *moved) ahead() time.Duration    { return time.Duration(m.by.Load()) }
func (m *moved) now() time.Time          { return time.Now().Add(m.ahead()) }
func (m *moved) advance(d time.Duration) { m.by.Add(int64(d)) }

// The same on a clock that moves by anything up to a minute between the trades, so nearly each lost
// answer is asked for past the grace, and many access tokens have run out.
func TestRotationsPastTheGrace(t *testing.T) {
	const people, wanted = 50, 10_000
	w := newWorld(t, newRedis(t).url())
	clock := &moved{}
	engines := twoEngines(t, w, clock)
	var rotations, lost, doubled, signedOuts, branches int
	var browsers []*browser
	for range people {
		browsers = append(browsers, &browser{engines: engines, pair: w.startedOn(engines[0], w.user()),
			seen: &tokensOf{w: w, given: map[int64]string{}}})
	}
	for rotations < wanted && signedOuts == 0 {
		clock.advance(time.Duration(rand.Int64N(int64(time.Minute))))
		for _, b := range browsers {
			drop, twice := rand.Float64() < 0.20, rand.Float64() < 0.05
			before := b.count()
			if err := b.trade(t.Context(), drop, twice); err != nil {
				signedOuts++
				t.Errorf("a trade: %v", err)
			}
			rotations += int(b.count() - before)
			lost, doubled = lost+one(drop), doubled+one(twice)
		}
		if rand.IntN(3) == 0 {
			flush(t, engines)
		}
	}
	for _, b := range browsers {
		branches += b.seen.branches
	}
	report(t, "%d rotations on a moved clock and 2 engines, %d answers lost, "+
		"%d requests doubled: %d signed out, %d branches", rotations, lost, doubled, signedOuts, branches)
	if signedOuts+branches > 0 {
		t.Fail()
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func flush(t *testing.T, engines []*session.Engine) {
	t.Helper()
	for _, engine := range engines {
		if err := engine.FlushAcknowledgements(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func twoEngines(t *testing.T, w *world, clock *moved) []*session.Engine {
	t.Helper()
	var engines []*session.Engine
	for range 2 {
		engine := engineOn(w.client, keysOf(t, w.env["APP_URL"], clock.now, secret), clock.now, clock.ahead)
		if err := engine.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(background(func(ctx context.Context) { engine.Run(ctx) }))
		engines = append(engines, engine)
	}
	return engines
}

func (w *world) startedOn(engine *session.Engine, user models.User) session.Pair {
	w.t.Helper()
	pair, err := engine.Start(w.t.Context(), user, session.Arrival{Remember: true, AMR: []string{"pwd"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return pair
}

// browser trades with engines directly.
type browser struct {
	engines []*session.Engine
	pair    session.Pair
	seen    *tokensOf
}

func (b *browser) count() int64 { return b.pair.Session.Count }

func (b *browser) any() *session.Engine { return b.engines[rand.IntN(len(b.engines))] }

// trade presents the refresh token, once or twice at the same time; the answer may not arrive. What
// arrives is used for a request.
func (b *browser) trade(ctx context.Context, drop, twice bool) error {
	refresh := b.pair.Refresh
	var both sync.WaitGroup
	var other error
	if twice {
		both.Go(func() {
			pair, err := b.any().Refresh(ctx, refresh)
			if other = err; err == nil && b.seen != nil {
				b.seen.note(pair.Refresh)
			}
		})
	}
	pair, err := b.any().Refresh(ctx, refresh)
	both.Wait()
	if err := errors.Join(err, other); err != nil {
		return err
	}
	if b.seen != nil {
		b.seen.note(pair.Refresh)
	}
	if drop {
		return nil
	}
	b.pair = pair
	_, err = b.any().Resume(ctx, pair.Access)
	return err
}

// A hundred tabs wake at once, on two processes: one successor for all.
func TestRacingRefreshes(t *testing.T) {
	const rounds, tabs = 20, 100
	w := newWorld(t, newRedis(t).url())
	gates := []*gatehouse{w.gate(), w.gate()}
	most, refused := 0, 0
	for range rounds {
		pair := w.started(w.user())
		var mu sync.Mutex
		successors := map[string]bool{}
		var all sync.WaitGroup
		ready := make(chan struct{})
		for i := range tabs {
			p := w.stranger(gates[i%2].addr, nil)
			p.carry(pair)
			all.Go(func() {
				<-ready
				status := p.post("/auth/refresh", nil)
				mu.Lock()
				defer mu.Unlock()
				if status != http.StatusNoContent {
					refused++
					t.Errorf("a tab was answered %d", status)
				}
				successors[p.cookie("refresh")] = true
				p.client.CloseIdleConnections()
			})
		}
		close(ready)
		all.Wait()
		most = max(most, len(successors))
	}
	report(t, "%d × %d refreshes at once over 2 processes: %d successor each, %d refused", rounds, tabs, most, refused)
	if most != 1 {
		t.Fail()
	}
}

// A thousand thefts at random points of a session's life. Owner and thief hold one refresh token;
// one of them trades first, and perhaps the other within the grace. After the grace, the first trade
// of whoever is behind ends the session. Innocent sessions beside them live on.
func TestThefts(t *testing.T) {
	const thefts, innocents = 1000, 1000
	w := newWorld(t, newRedis(t).url())
	clock := &moved{}
	engines := twoEngines(t, w, clock)
	user := func() models.User { return models.User{ID: newUserID()} }

	type theft struct{ owner, thief *browser }
	var robbed []theft
	var good []*browser
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for range innocents {
		good = append(good, &browser{engines: engines, pair: w.startedOn(engines[0], user())})
	}
	for range thefts {
		owner := &browser{engines: engines, pair: w.startedOn(engines[0], user())}
		for range rand.IntN(6) {
			must("an owner", owner.trade(t.Context(), rand.IntN(5) == 0, false))
		}
		thief := &browser{engines: engines, pair: owner.pair} // the token is copied
		robbed = append(robbed, theft{owner, thief})
	}
	first := make([]*browser, thefts)
	second := make([]*browser, thefts)
	raced := 0
	for i, pair := range robbed {
		first[i], second[i] = pair.owner, pair.thief
		if rand.IntN(2) == 0 {
			first[i], second[i] = second[i], first[i]
		}
		must("the first holder", first[i].trade(t.Context(), false, false))
		if rand.IntN(3) == 0 { // both within the grace: a race like that of two tabs; then one goes on alone
			raced++
			must("the second holder within the grace", second[i].trade(t.Context(), false, false))
			must("the first holder again", first[i].trade(t.Context(), false, false))
		}
	}
	flush(t, engines)
	clock.advance(grace + 100*time.Millisecond)
	caught, missed := 0, 0
	for i, b := range second {
		err := b.trade(t.Context(), false, false)
		if errors.Is(err, session.ErrReused) {
			caught++
		} else {
			missed++
			t.Errorf("theft %d: %v", i, err)
		}
	}
	ended := 0
	for i, b := range good { // innocents trade with answers lost and doubled meanwhile
		must("an innocent", b.trade(t.Context(), i%4 == 0, i%7 == 0))
		clock.advance(5 * time.Millisecond)
		if err := b.trade(t.Context(), false, false); err != nil {
			ended++
		}
	}
	alive := 0
	for i := range robbed {
		for _, b := range []*browser{first[i], second[i]} {
			for _, engine := range engines {
				eventually(t, "a stolen session is refused", func() bool {
					_, err := engine.Resume(t.Context(), b.pair.Access)
					return err != nil
				})
				if _, err := engine.Refresh(t.Context(), b.pair.Refresh); !errors.Is(err, session.ErrEnded) {
					alive++
				}
			}
		}
	}
	report(t, "%d thefts (%d of them raced within the grace): %d "+
		"caught at the second holder's first trade after the grace, %d missed, %d tokens of theirs alive; "+
		"%d innocent sessions, %d ended",
		thefts, raced, caught, missed, alive, innocents, ended)
	if missed+alive+ended > 0 {
		t.Fail()
	}
}
