package main

import (
	"context"
	"errors"
	"time"

	"gatehouse/app/config"
)

// run does work until the house closes.
func (a *app) run(work func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	a.stop = append(a.stop, func(context.Context) error {
		cancel()
		<-done
		return nil
	})
}

// sweepEvery is how often what nobody needs any more is let go.
const sweepEvery = 10 * time.Minute

// sweep lets go of what nobody needs any more.
func (a *app) sweep(cfg config.Config, now func() time.Time) {
	sessions := a.db.Sessions.With(cfg.RefreshGrace, cfg.AccessTTL, func() time.Duration { return time.Until(now()) })
	a.run(func(ctx context.Context) {
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			_, err := a.db.Events.DropBefore(ctx, now().Add(-cfg.EventsKeep))
			if err := errors.Join(err, sessions.Sweep(ctx), a.db.Codes.Sweep(ctx, now())); err != nil && ctx.Err() == nil {
				a.log.Warn("could not sweep", "err", err)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
}
