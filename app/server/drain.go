package server

import (
	"context"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	// drainFor is how long /readyz says 503 while requests are still taken: a balancer that asks every
	// second has looked away before the door closes, even when one question of it is slow.
	drainFor     = 3 * time.Second
	finishWithin = 20 * time.Second
)

// Drain tells the balancer, lets requests in flight finish and stops taking new ones.
func (s *Server) Drain(ctx context.Context) error {
	s.Log.Info("shutting down")
	s.draining.Store(true)
	if s.cfg.Production {
		time.Sleep(drainFor)
	}
	ctx, cancel := context.WithTimeout(ctx, finishWithin)
	defer cancel()
	return s.Web.ShutdownWithContext(ctx)
}

// closeWhileDraining ends kept-alive connections with the answer they get while draining: a proxy that finds
// one closed only after it has sent a POST cannot know whether to send it again.
func (s *Server) closeWhileDraining() {
	server := s.Web.Server()
	server.CloseOnShutdown = true
	serve := server.Handler
	server.Handler = func(c *fasthttp.RequestCtx) {
		serve(c)
		if s.draining.Load() {
			c.Response.SetConnectionClose()
		}
	}
}
