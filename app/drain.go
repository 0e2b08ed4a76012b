package main

import (
	"context"
	"time"

	"github.com/valyala/fasthttp"

	"gatehouse/app/config"
)

const (
	// drainFor is how long /readyz says 503 while requests are still taken: a balancer that asks every
	// second has looked away before the door closes, even when one question of it is slow.
	drainFor     = 3 * time.Second
	finishWithin = 20 * time.Second
	closeWithin  = 10 * time.Second
)

func (a *app) drain(ctx context.Context, cfg config.Config) error {
	a.log.Info("shutting down")
	a.draining.Store(true)
	if cfg.Production {
		time.Sleep(drainFor)
	}
	ctx, cancel := context.WithTimeout(ctx, finishWithin)
	defer cancel()
	return a.web.ShutdownWithContext(ctx)
}

// farewell ends kept-alive connections with the answer they get while draining: a proxy that finds
// one closed only after it has sent a POST cannot know whether to send it again.
func (a *app) farewell() {
	server := a.web.Server()
	server.CloseOnShutdown = true
	serve := server.Handler
	server.Handler = func(c *fasthttp.RequestCtx) {
		serve(c)
		if a.draining.Load() {
			c.Response.SetConnectionClose()
		}
	}
}
