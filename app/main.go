// Command app is Gatehouse: the sign-in of a web app, whole.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/joho/godotenv"

	"gatehouse/app/config"
	"gatehouse/app/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	getenv, err := settings()
	if err == nil {
		err = command(ctx, os.Args[1:], getenv)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, getenv func(string) string) error {
	switch {
	case len(args) == 0:
		return run(ctx, getenv)
	case args[0] == "demo":
		return demo(ctx, getenv)
	case args[0] == "doctor":
		session.Quiet(slog.Default())
		return doctor(ctx, getenv, os.Stdout)
	case args[0] == "healthcheck":
		return healthcheck(ctx, getenv)
	}
	return errors.New("usage: gatehouse [demo | doctor | healthcheck]")
}

// settings is the environment and, in development, what .env adds to it.
func settings() (func(string) string, error) {
	if os.Getenv("APP_ENV") == "production" {
		return os.Getenv, nil
	}
	file, err := godotenv.Read()
	if errors.Is(err, os.ErrNotExist) {
		return os.Getenv, nil
	}
	if err != nil {
		return nil, errors.New("gatehouse does not start: .env has a line that is not NAME=value") // the error quotes the file, secrets and all
	}
	return func(name string) string {
		if value, set := os.LookupEnv(name); set {
			return value
		}
		return file[name]
	}, nil
}

// run serves until ctx is over, then lets requests in flight finish.
func run(ctx context.Context, getenv func(string) string) error {
	cfg, err := config.Load(getenv)
	if err != nil {
		return fmt.Errorf("gatehouse does not start:\n%w", err)
	}
	out := newLogWriter(os.Stderr)
	defer out.flush()
	log := newJournal(prompt{out}, out, cfg.Production, slog.LevelInfo)
	session.Quiet(log.Logger) // here and not in open: it is one for the whole process
	a, err := open(ctx, cfg, time.Now, log)
	if err != nil {
		return fmt.Errorf("gatehouse does not start: %w", err)
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return errors.Join(fmt.Errorf("ADDR: %w", err), a.close(context.WithoutCancel(ctx)))
	}
	announce(cfg, log.Logger)
	served := make(chan error, 1)
	go func() { served <- a.web.Listener(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		err = a.drain(context.WithoutCancel(ctx), cfg)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	return errors.Join(err, a.close(last))
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
	log.Info("open "+cfg.URL.String(), "database", database, "sessions", sessions, "mail", mails)
	if cfg.URL.Scheme == "https" && len(cfg.TrustedProxies) == 0 {
		log.Warn("TRUSTED_PROXIES is not set, and https means a proxy in front: every visitor seems to come from its address, so one stranger uses up everybody's limits. Name the proxy as this process sees it, such as TRUSTED_PROXIES=127.0.0.1 or 10.0.0.0/8")
	}
	if !cfg.Production {
		log.Info("development: this machine alone is answered at " + cfg.URL.Host + ", and /dev/mail shows every mail; set APP_ENV=production on a server")
	}
	if cfg.RedisURL == "" {
		log.Info("without REDIS_URL, sessions live in the database and limits in memory: right for one process")
	}
}
