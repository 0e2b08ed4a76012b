package server

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/config"
	"gatehouse/app/metrics"
	"gatehouse/app/oauth"
	"gatehouse/app/session"
	"gatehouse/app/trace"
	"gatehouse/handlers"
	"gatehouse/handlers/door"
	"gatehouse/handlers/pages"
	"gatehouse/handlers/web"
	"gatehouse/static"
)

// Server is one process that serves.
type Server struct {
	*Core
	Web       *fiber.App
	Providers *oauth.Providers

	draining atomic.Bool
	pings    recent // of the database, for /readyz
	traces   *trace.Tracer
}

// Open makes a server that is ready for its first request: the schema is up to date, and the sessions that ended
// within the last access-token lifetime are known. now is this process's clock; tests move it.
func Open(ctx context.Context, cfg config.Config, now func() time.Time, log *Log) (*Server, error) {
	figures := metrics.New()
	traces, err := openTraces(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	core, err := openCore(ctx, &Core{Log: log.Logger, cfg: cfg, now: now, serve: true},
		Observer{Sessions: observer(figures, traces), WrongCode: figures.WrongCode})
	if err != nil {
		return nil, errors.Join(err, closeTraces(ctx, traces))
	}
	s := &Server{Core: core, traces: traces}
	if err := s.work(ctx); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	if err := s.open(figures, log); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

func (s *Server) open(figures *metrics.Figures, log *Log) (err error) {
	if s.Providers, err = OpenProviders(s.cfg, s.now); err != nil {
		return err
	}
	files, err := static.New()
	if err != nil {
		return err
	}
	figures.Watch(s.Sessions.Lag, s.Passwords.Depth, s.Passwords.Hashed)
	figures.Build(Version(), runtime.Version())
	figures.WatchOutbox(s.Outbox.Waiting, s.Outbox.Age)
	s.sweep()
	site := s.site(figures, log, files)
	routes := &handlers.Routes{
		Site: site, Door: &door.Door{Site: site}, Metrics: figures.Handler(),
		Pages: pages.New(pages.Pages{Site: site, Providers: s.Providers, Mailbox: s.Mailbox, PasswordMin: s.cfg.PasswordMin}),
	}
	if s.Web, err = routes.App(); err != nil {
		return err
	}
	s.closeWhileDraining()
	return nil
}

// site is what every answer shares.
func (s *Server) site(figures *metrics.Figures, log *Log, files *static.Files) *web.Site {
	site := &web.Site{
		URL: s.cfg.URL, Production: s.cfg.Production, AccessTTL: s.cfg.AccessTTL, Proxies: s.cfg.TrustedProxies,
		MetricsToken: s.cfg.MetricsToken, HSTSSubdomains: s.cfg.HSTSSubdomains, DevMail: s.Mailbox != nil,
		Accounts: s.Accounts, Sessions: s.Sessions, Keys: s.Keys, Limits: s.Limits, Static: files,
		Ready: s.ready, Version: Version(), Now: s.now, Log: s.Log,
		Observe: func(request web.Answered) {
			figures.Answered(request.Route, request.Method, request.Status, request.Took)
			if !request.Unlogged {
				log.answered(request)
			}
		},
	}
	if s.traces != nil {
		site.Trace = s.traces.Request
	}
	return site
}

// Serve answers on a listener until Drain.
func (s *Server) Serve(listener net.Listener) error { return s.Web.Listener(listener) }

// Close ends what Open began, the last first.
func (s *Server) Close(ctx context.Context) error {
	traces := s.traces
	s.traces = nil
	return errors.Join(s.Core.Close(ctx), closeTraces(ctx, traces))
}

// openTraces is nil unless a collector is named.
func openTraces(ctx context.Context, cfg config.Config, log *Log) (*trace.Tracer, error) {
	if !cfg.Traces {
		return nil, nil
	}
	return trace.Open(ctx, log.Logger)
}

func closeTraces(ctx context.Context, traces *trace.Tracer) error {
	if traces == nil {
		return nil
	}
	return traces.Close(ctx)
}

// observer is told by the session engine what happens, for figures and for traces.
func observer(figures *metrics.Figures, traces *trace.Tracer) session.Observer {
	observe := figures.Sessions()
	if traces == nil {
		return observe
	}
	counted := observe.Stored
	observe.Stored = func(ctx context.Context, operation string, took time.Duration, failed bool) {
		counted(ctx, operation, took, failed)
		traces.Stored(ctx, operation, took, failed)
	}
	return observe
}
