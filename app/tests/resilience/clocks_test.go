//go:build resilience

package resilience_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"gatehouse/app/session"
	"gatehouse/models"
)

// A process whose clock is two minutes off, ahead or behind, signs nobody out, and endings reach it.
func TestClockOff(t *testing.T) {
	for _, off := range []time.Duration{2 * time.Minute, -2 * time.Minute} {
		w := newWorld(t, newRedis(t).url())
		skewed := func() time.Time { return time.Now().Add(off) }
		right, wrong := engineOn(w.client, w.keys, time.Now, never),
			engineOn(w.client, keysOf(t, w.env["APP_URL"], skewed, secret), skewed, never)
		engines := []*session.Engine{right, wrong}
		for _, engine := range engines {
			if err := engine.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
			stop := background(func(ctx context.Context) { engine.Run(ctx) })
			defer stop()
		}
		const people, requests = 20, 100
		signedOuts, refreshed, late := 0, 0, 0
		for range people {
			b := &browser{engines: engines, pair: w.startedOn(engines[rand.IntN(2)], models.User{ID: newUserID()})}
			for range requests { // each request meets either process, and refreshes where that one says expired
				engine := b.any()
				_, err := engine.Resume(t.Context(), b.pair.Access)
				if errors.Is(err, session.ErrNone) {
					refreshed++
					b.pair, err = engine.Refresh(t.Context(), b.pair.Refresh)
				}
				if err != nil {
					signedOuts++
					t.Errorf("a request: %v", err)
					break
				}
			}
			if err := engines[rand.IntN(2)].End(t.Context(), b.pair.Session.UserID, b.pair.Session.ID); err != nil {
				t.Fatal(err)
			}
			for _, engine := range engines {
				within(t, time.Second, "an ending reaches every process", func() bool {
					_, err := engine.Resume(t.Context(), b.pair.Access)
					return err != nil
				})
				if _, err := engine.Refresh(t.Context(), b.pair.Refresh); !errors.Is(err, session.ErrEnded) {
					late++
				}
			}
		}
		report(t, "one clock %s off: %d requests over both processes, %d refreshes, %d signed out, %d endings missed",
			off, people*requests, refreshed, signedOuts, late)
		if signedOuts+late > 0 {
			t.Fail()
		}
	}
}

// A token from a process whose clock runs ahead outlives its session's ending elsewhere: it is
// refused until it expires by the clock of whoever looks.
func TestEndingOutlastsTokensFromAheadOfTime(t *testing.T) {
	w := newWorld(t, newRedis(t).url())
	early, late := &moved{}, &moved{}
	late.advance(2 * time.Minute)
	here, there := engineOn(w.client, keysOf(t, w.env["APP_URL"], early.now, secret), early.now, never),
		engineOn(w.client, keysOf(t, w.env["APP_URL"], late.now, secret), late.now, never)
	if err := here.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop := background(func(ctx context.Context) { here.Run(ctx) }) // its feed is live, so it does not ask the store
	defer stop()
	user := models.User{ID: newUserID()}
	pair := w.startedOn(there, user)
	if err := here.End(t.Context(), user.ID, pair.Session.ID); err != nil {
		t.Fatal(err)
	}
	for range 34 { // four minutes, to where the token has run out even by the slower clock
		early.advance(7 * time.Second)
		other := w.startedOn(there, user) // more endings, so that the old ones are swept
		if err := here.End(t.Context(), user.ID, other.Session.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := here.Resume(t.Context(), pair.Access); err == nil {
			t.Fatalf("an ended session was resumed %s after its end", early.ahead())
		}
	}
}
