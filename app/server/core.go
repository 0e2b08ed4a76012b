// Package server is the composition root: the only place where the parts of Gatehouse meet. Core is what
// every command needs, Server what serving needs besides. Tests boot the same.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/net/publicsuffix"

	"gatehouse/app/account"
	"gatehouse/app/config"
	"gatehouse/app/limit"
	"gatehouse/app/links"
	"gatehouse/app/mail"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/models"
)

// Core is what every command needs: keys, the database, Redis, sessions and accounts.
type Core struct {
	Keys      *token.Keys
	DB        *models.DB
	Redis     redis.UniversalClient // nil without REDIS_URL
	Sessions  *session.Engine
	Passwords *account.Passwords
	Limits    *limit.Limiter
	Accounts  *account.Accounts
	Outbox    *account.Outbox
	Mailbox   *mail.Mailbox // nil with SMTP_URL
	Log       *slog.Logger

	cfg   config.Config
	now   func() time.Time
	serve bool                              // what others left is worked off here
	stop  []func(ctx context.Context) error // in the order of use
}

// Observer is told what happens inside, for figures and traces.
type Observer struct {
	Sessions  session.Observer
	WrongCode func() // may be nil
}

// OpenCore opens the stores for a command that runs beside the processes that serve. It migrates nothing, and what
// waits in the outbox is left to them: their workers have the mails of this command within a second. The session
// store need not answer; what the command ends is ended when it does. models.ErrNoSchema, models.ErrOlderSchema,
// models.ErrNewerSchema.
func OpenCore(ctx context.Context, cfg config.Config, now func() time.Time, log *slog.Logger) (*Core, error) {
	return openCore(ctx, &Core{Log: log, cfg: cfg, now: now}, Observer{Sessions: session.Unobserved()})
}

func openCore(ctx context.Context, core *Core, observe Observer) (*Core, error) {
	if err := core.open(ctx, observe); err != nil {
		return nil, errors.Join(err, core.Close(ctx))
	}
	return core, nil
}

func (c *Core) open(ctx context.Context, observe Observer) error {
	if err := c.openStores(ctx); err != nil { // first: a command in the wrong folder makes nothing there
		return err
	}
	secrets, err := secretsOf(c.cfg)
	if err != nil {
		return err
	}
	var audience []string
	if c.cfg.TokenAudience != "" {
		audience = []string{c.cfg.TokenAudience}
	}
	if c.Keys, err = token.NewKeys(secrets, c.cfg.URL.String(), c.now, audience...); err != nil {
		return err
	}
	c.Sessions = c.engine(observe.Sessions)
	if c.Outbox, err = c.outbox(ctx); err != nil {
		return err
	}
	c.Passwords = account.NewPasswords(runtime.GOMAXPROCS(0), MaxWaiting, c.cfg.PasswordMin, siteName(c.cfg.URL))
	c.Limits = limit.New(c.Redis, c.cfg.Limits, c.now, c.Log)
	c.Accounts = account.New(c.Outbox, c.Passwords, c.Limits,
		account.Rules{KeepTokens: c.cfg.KeepProviderTokens, Labels: models.ProviderLabels{OIDC: c.cfg.OIDC.Name},
			WrongCode: observe.WrongCode})
	c.stop = append(c.stop, c.Accounts.Close)
	return nil
}

// work follows the feed and starts what sends mails and ends sessions behind the requests. The feed is read back
// before the first request. With Redis down that fails, and so does the start: a process that does not know who was
// signed out must not serve.
func (c *Core) work(ctx context.Context) error {
	if c.Redis != nil {
		session.WarnOfEviction(ctx, c.Redis, c.Log)
	}
	if err := c.Sessions.Open(ctx); err != nil {
		if c.Redis != nil {
			return fmt.Errorf("REDIS_URL: %w", err)
		}
		return err
	}
	c.run(func(ctx context.Context) { c.Sessions.Run(ctx) })
	c.stop = append(c.stop, c.Outbox.Close)
	return c.Outbox.Open(ctx)
}

// MaxWaiting is how many may wait for a hash in each lane; at some 30 ms each that is about a second a core.
const MaxWaiting = 64

// siteName is what a host is called without the suffix that others have too: "accounts.example" of
// accounts.example.co.uk, nothing of an address in numbers.
func siteName(at *url.URL) string {
	host := at.Hostname()
	if net.ParseIP(host) != nil {
		return ""
	}
	suffix, _ := publicsuffix.PublicSuffix(host)
	return strings.TrimSuffix(strings.TrimSuffix(host, suffix), ".")
}

func (c *Core) openStores(ctx context.Context) (err error) {
	open := models.OpenAsIs
	if c.serve {
		open = models.Open
	}
	if c.DB, err = open(ctx, c.cfg.DatabaseURL); err != nil {
		return err
	}
	c.stop = append(c.stop, func(context.Context) error { return c.DB.Close() })
	if err := c.prepare(ctx); err != nil {
		return err
	}
	if c.cfg.RedisURL == "" {
		return nil
	}
	if c.Redis, err = session.Dial(c.cfg.RedisURL); err != nil {
		return err
	}
	c.stop = append(c.stop, func(context.Context) error { return c.Redis.Close() })
	return nil
}

// prepare has what is asked often prepared, unless DATABASE_PREPARE says otherwise.
func (c *Core) prepare(ctx context.Context) error {
	if !c.cfg.DatabasePrepare {
		return nil
	}
	err := c.DB.Prepare(ctx)
	if errors.Is(err, models.ErrPooled) {
		return fmt.Errorf("DATABASE_PREPARE: set it to off, or have the pooler follow prepared statements "+
			"(max_prepared_statements of PgBouncer 1.21 and later): %w", err)
	}
	return err
}

func (c *Core) engine(observe session.Observer) *session.Engine {
	var store session.Store = c.databaseSessions()
	if c.Redis != nil {
		store = session.NewRedis(c.Redis, c.cfg.RefreshGrace, c.cfg.AccessTTL, c.ahead)
	}
	rules := session.Settings{AccessTTL: c.cfg.AccessTTL, Idle: c.cfg.SessionIdle, Max: c.cfg.SessionMax,
		Claims: c.cfg.AccessClaims, PictureURL: c.cfg.URL.Scheme + "://" + c.cfg.URL.Host +
			links.Of(c.cfg.URL).To("/profile/picture?v=")}
	return session.New(store, c.Keys, rules, observe, c.now, c.Log)
}

func (c *Core) databaseSessions() models.Sessions {
	return c.DB.Sessions.With(c.cfg.RefreshGrace, c.cfg.AccessTTL, c.ahead)
}

// ahead is how far this process's clock is moved.
func (c *Core) ahead() time.Duration { return time.Until(c.now()) }

// Close ends what open began, the last first.
func (c *Core) Close(ctx context.Context) error {
	var errs []error
	for i := len(c.stop) - 1; i >= 0; i-- {
		errs = append(errs, c.stop[i](ctx))
	}
	c.stop = nil
	return errors.Join(errs...)
}
