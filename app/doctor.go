package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"gatehouse/app/config"
	"gatehouse/app/mail"
	"gatehouse/app/server"
	"gatehouse/app/session"
	"gatehouse/models"
)

// doctor prints what is configured, the callback address to register with each provider, and
// whether each part answers. It changes nothing, the schema of the database included. Its error says that something does not.
func doctor(ctx context.Context, getenv func(string) string, out io.Writer) error {
	cfg, err := config.Load(getenv)
	if err != nil {
		return fmt.Errorf("these settings need mending:\n%w", err)
	}
	report := &report{out: out}
	report.say("public address", cfg.URL.String(), nil)
	report.database(ctx, cfg)
	if cfg.RedisURL == "" {
		report.say("redis", "none: sessions live in the database", nil)
	} else {
		report.say("redis", "configured", within(ctx, func(ctx context.Context) error { return askRedis(ctx, cfg) }))
	}
	if cfg.SMTPURL == "" {
		report.say("mail", "none: kept, shown at /dev/mail", nil)
	} else {
		report.say("mail", "from "+cfg.MailFrom, within(ctx, func(ctx context.Context) error { return askMail(ctx, cfg) }))
	}
	providers, err := server.OpenProviders(cfg, time.Now)
	if err != nil {
		return err
	}
	for _, name := range providers.Names() {
		report.say(name.Provider, "callback address to register: "+providers.Callback(name.Provider),
			within(ctx, func(ctx context.Context) error { return providers.Check(ctx, name.Provider) }))
	}
	if report.failed > 0 {
		return fmt.Errorf("%d of these do not answer", report.failed)
	}
	return nil
}

type report struct {
	out    io.Writer
	failed int
}

func (r *report) say(name, what string, err error) {
	verdict := "ok"
	if err != nil {
		verdict = "FAILS: " + err.Error()
		r.failed++
	}
	_, _ = fmt.Fprintf(r.out, "%-15s %s  [%s]\n", name, what, verdict)
}

func within(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return ask(ctx)
}

// database says how far the schema is. Being behind is no failure: the next start brings it up to date.
func (r *report) database(ctx context.Context, cfg config.Config) {
	var schema models.Schema
	err := within(ctx, func(ctx context.Context) (err error) {
		schema, err = models.Look(ctx, cfg.DatabaseURL)
		return err
	})
	what := fmt.Sprintf("%s, schema %d; this program wants %d", scheme(cfg.DatabaseURL), schema.Has, schema.Wants)
	switch fits := schema.Err(); {
	case err != nil:
		what = scheme(cfg.DatabaseURL)
	case errors.Is(fits, models.ErrNoSchema):
		what = fmt.Sprintf("%s, empty: the first start brings it to schema %d", scheme(cfg.DatabaseURL), schema.Wants)
	case errors.Is(fits, models.ErrOlderSchema):
		what += " and the next start migrates it"
	default:
		err = fits
	}
	r.say("database", what, err)
}

func askRedis(ctx context.Context, cfg config.Config) error {
	client, err := session.Dial(cfg.RedisURL)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		return err
	}
	session.WarnOfEviction(ctx, client, slog.Default())
	return nil
}

func askMail(ctx context.Context, cfg config.Config) error {
	smtp, err := mail.NewSMTP(cfg.SMTPURL, cfg.MailFrom)
	if err != nil {
		return err
	}
	return smtp.Ping(ctx)
}

// scheme is an address without what it holds of secrets.
func scheme(address string) string {
	for i := range address {
		if address[i] == ':' {
			return address[:i]
		}
	}
	return address
}
