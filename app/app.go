package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"
	"golang.org/x/net/publicsuffix"

	"gatehouse/app/account"
	"gatehouse/app/config"
	"gatehouse/app/limit"
	"gatehouse/app/mail"
	"gatehouse/app/metrics"
	"gatehouse/app/oauth"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/app/trace"
	"gatehouse/handlers"
	"gatehouse/models"
	"gatehouse/static"
)

// app is one process of Gatehouse, whole.
type app struct {
	web       *fiber.App
	db        *models.DB
	redis     redis.UniversalClient // nil without REDIS_URL
	sessions  *session.Engine
	accounts  *account.Accounts
	providers *oauth.Providers
	outbox    *mail.Outbox // nil with SMTP_URL
	log       *slog.Logger

	draining atomic.Bool
	pings    asked                             // of the database, for /readyz
	stop     []func(ctx context.Context) error // in the order of use
}

// open builds the house: the only place where the parts meet. now is this process's clock; tests
// move it. When open returns, ended sessions of the last access-token lifetime are known, so the
// first request may come.
func open(ctx context.Context, cfg config.Config, now func() time.Time, log *journal) (*app, error) {
	a := &app{log: log.Logger}
	if err := a.build(ctx, cfg, now, log.answered); err != nil {
		return nil, errors.Join(err, a.close(ctx))
	}
	return a, nil
}

func (a *app) build(ctx context.Context, cfg config.Config, now func() time.Time, answered func(handlers.Answered)) error {
	secrets, err := secretsOf(cfg)
	if err != nil {
		return err
	}
	var audience []string
	if cfg.TokenAudience != "" {
		audience = []string{cfg.TokenAudience}
	}
	keys, err := token.NewKeys(secrets, cfg.URL.String(), now, audience...)
	if err != nil {
		return err
	}
	figures := metrics.New()
	traces, err := a.openTraces(ctx, cfg)
	if err != nil {
		return err
	}
	if err := a.openStores(ctx, cfg); err != nil {
		return err
	}
	if err := a.openSessions(ctx, cfg, keys, observer(figures, traces), now); err != nil {
		return err
	}
	post, err := a.openMail(cfg, now)
	if err != nil {
		return err
	}
	passwords := account.NewPasswords(runtime.GOMAXPROCS(0), maxWaiting, cfg.PasswordMin, siteName(cfg.URL.Hostname()))
	limits := limit.New(a.redis, cfg.Limits, now, a.log)
	a.accounts = account.New(a.db, keys, passwords, limits, post, now,
		account.Rules{KeepTokens: cfg.KeepProviderTokens, OIDCName: cfg.OIDC.Name, WrongCode: figures.WrongCode})
	if a.providers, err = openProviders(cfg, now); err != nil {
		return err
	}
	files, err := static.New()
	if err != nil {
		return err
	}
	figures.Watch(a.sessions.Lag, passwords.Depth, passwords.Hashed)
	a.sweep(cfg, now)
	routes := &handlers.Handlers{
		URL: cfg.URL, Production: cfg.Production, AccessTTL: cfg.AccessTTL, PasswordMin: cfg.PasswordMin, Proxies: cfg.TrustedProxies, MetricsToken: cfg.MetricsToken,
		DB: a.db, Accounts: a.accounts, Sessions: a.sessions, Providers: a.providers, Keys: keys, Static: files, Outbox: a.outbox,
		Limits: limits, Problems: a.problems,
		Observe: func(request handlers.Answered) {
			figures.Answered(request.Route, request.Method, request.Status, request.Took)
			if !request.Unlogged {
				answered(request)
			}
		},
		Metrics: figures.Handler(), Now: now, Log: a.log,
	}
	if traces != nil {
		routes.Trace = traces.Request
	}
	a.web = routes.App()
	a.farewell()
	return nil
}

// siteName is what a host is called without the suffix that others have too: "accounts.example" of
// accounts.example.co.uk, nothing of an address in numbers.
func siteName(host string) string {
	if net.ParseIP(host) != nil {
		return ""
	}
	suffix, _ := publicsuffix.PublicSuffix(host)
	return strings.TrimSuffix(strings.TrimSuffix(host, suffix), ".")
}

// openTraces is nil unless a collector is named.
func (a *app) openTraces(ctx context.Context, cfg config.Config) (*trace.Tracer, error) {
	if !cfg.Traces {
		return nil, nil
	}
	traces, err := trace.Open(ctx, a.log)
	if err != nil {
		return nil, err
	}
	a.stop = append(a.stop, traces.Close)
	return traces, nil
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

// maxWaiting is how many may wait for a hash in each lane; at some 30 ms each that is about a second a core.
const maxWaiting = 64

func (a *app) openStores(ctx context.Context, cfg config.Config) (err error) {
	if a.db, err = models.Open(ctx, cfg.DatabaseURL); err != nil {
		return err
	}
	a.stop = append(a.stop, func(context.Context) error { return a.db.Close() })
	if cfg.RedisURL == "" {
		return nil
	}
	if a.redis, err = session.Dial(cfg.RedisURL); err != nil {
		return err
	}
	a.stop = append(a.stop, func(context.Context) error { return a.redis.Close() })
	session.WarnOfEviction(ctx, a.redis, a.log)
	return nil
}

// openSessions reads the feed back before the first request. With Redis down that fails, and so does
// the start: a process that does not know who was signed out must not serve.
func (a *app) openSessions(ctx context.Context, cfg config.Config, keys *token.Keys, observe session.Observer, now func() time.Time) error {
	ahead := func() time.Duration { return time.Until(now()) }
	var store session.Store = a.db.Sessions.With(cfg.RefreshGrace, cfg.AccessTTL, ahead)
	if a.redis != nil {
		store = session.NewRedis(a.redis, cfg.RefreshGrace, cfg.AccessTTL, ahead)
	}
	rules := session.Settings{AccessTTL: cfg.AccessTTL, Idle: cfg.SessionIdle, Max: cfg.SessionMax,
		Claims: cfg.AccessClaims, PictureURL: cfg.URL.String() + "/profile/picture?v="}
	a.sessions = session.New(store, keys, rules, observe, now, a.log)
	if err := a.sessions.Open(ctx); err != nil {
		return err
	}
	a.run(func(ctx context.Context) { a.sessions.Run(ctx) })
	return nil
}

// close ends what open began, the last first.
func (a *app) close(ctx context.Context) error {
	var errs []error
	for i := len(a.stop) - 1; i >= 0; i-- {
		errs = append(errs, a.stop[i](ctx))
	}
	a.stop = nil
	return errors.Join(errs...)
}
