package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"gatehouse/app/config"
	"gatehouse/app/server"
	"gatehouse/app/session"
)

// closeWithin is how long what is left may take after the last request.
const closeWithin = 10 * time.Second

// serve answers until ctx is over, then lets requests in flight finish.
func serve(ctx context.Context, getenv func(string) string) error {
	cfg, err := config.Load(getenv)
	if err != nil {
		return fmt.Errorf("gatehouse does not start:\n%w", err)
	}
	out := server.NewWriter(os.Stderr)
	defer out.Flush()
	log := server.NewLog(out.AtOnce(), out, cfg.Production, slog.LevelInfo)
	session.Quiet(log.Logger) // here and not in Open: it is one for the whole process
	s, err := server.Open(ctx, cfg, time.Now, log)
	if err != nil {
		return fmt.Errorf("gatehouse does not start: %w", err)
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return errors.Join(fmt.Errorf("ADDR: %w", err), s.Close(context.WithoutCancel(ctx)))
	}
	announce(cfg, log.Logger)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		err = s.Drain(context.WithoutCancel(ctx))
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	return errors.Join(err, s.Close(last))
}

// announce says where to look, and what this process relies on.
func announce(cfg config.Config, log *slog.Logger) {
	database, sessions, mails := "SQLite, embedded, in "+cfg.DatabaseURL, "in the database", "kept, see /dev/mail"
	if cfg.DatabaseURL[:6] != "sqlite" {
		database = "Postgres"
	}
	if cfg.RedisURL != "" {
		sessions = "Redis"
	}
	if cfg.SMTPURL != "" {
		mails = "SMTP"
	}
	log.Info("open "+cfg.URL.String(), "version", server.Version(), "database", database, "sessions", sessions, "mail",
		mails)
	if cfg.URL.Scheme == "https" && len(cfg.TrustedProxies) == 0 {
		log.Warn("TRUSTED_PROXIES is not set, and https means a proxy in front: every visitor seems to come from its " +
			"address, so one stranger uses up everybody's limits. Name the proxy as this process sees it, such as " +
			"TRUSTED_PROXIES=127.0.0.1 or 10.0.0.0/8")
	}
	if !cfg.Production {
		log.Info("development: this machine alone is answered at " + cfg.URL.Host +
			", and /dev/mail shows every mail; set APP_ENV=production on a server")
	}
	if cfg.RedisURL == "" {
		log.Info("without REDIS_URL, sessions live in the database and limits in memory: right for one process")
	}
}
