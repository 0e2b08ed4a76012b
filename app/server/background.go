package server

import (
	"context"
	"errors"
	"time"
)

// run does work until Close.
func (c *Core) run(work func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	c.stop = append(c.stop, func(context.Context) error {
		cancel()
		<-done
		return nil
	})
}

// sweepEvery is how often what nobody needs any more is let go.
const sweepEvery = 10 * time.Minute

// sweep lets go of what nobody needs any more.
func (c *Core) sweep() {
	sessions := c.databaseSessions()
	c.run(func(ctx context.Context) {
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			_, err := c.DB.Events.DropBefore(ctx, c.now().Add(-c.cfg.EventsKeep))
			if err := errors.Join(err, sessions.Sweep(ctx), c.DB.Codes.Sweep(ctx, c.now())); err != nil && ctx.Err() == nil {
				c.Log.Warn("could not sweep", "err", err)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
}
