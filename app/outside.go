package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gatehouse/app/account"
	"gatehouse/app/config"
	"gatehouse/app/mail"
	"gatehouse/app/oauth"
	"gatehouse/app/token"
)

// openOutbox starts what sends mails and ends sessions behind the requests.
func (a *app) openOutbox(ctx context.Context, cfg config.Config, keys *token.Keys,
	now func() time.Time) (*account.Outbox, error) {
	data, err := account.OpenDataKey(ctx, a.db, keys, now())
	if err != nil {
		return nil, err
	}
	sender, err := a.openMail(cfg, now)
	if err != nil {
		return nil, err
	}
	outbox := account.NewOutbox(a.db, data, keys, sender, a.sessions, a.log, now)
	a.stop = append(a.stop, outbox.Close)
	return outbox, outbox.Open(ctx)
}

// openMail is where mails go: over SMTP or, without, into a mailbox that /dev/mail shows.
func (a *app) openMail(cfg config.Config, now func() time.Time) (mail.Sender, error) {
	if cfg.SMTPURL != "" {
		return mail.NewSMTP(cfg.SMTPURL, cfg.MailFrom)
	}
	file := ""
	if a.db.Embedded() {
		file = filepath.Join(dataFolder(cfg), "mail.json")
	}
	box, err := mail.NewMailbox(file, now)
	a.outbox = box
	return box, err
}

func openProviders(cfg config.Config, now func() time.Time) (*oauth.Providers, error) {
	settings := oauth.Settings{
		URL: cfg.URL.String(), Emulator: cfg.OAuthEmulator, Google: oauth.Client(cfg.Google),
		GitHub: oauth.Client(cfg.GitHub), Twitter: oauth.Client(cfg.Twitter), Keep: cfg.KeepProviderTokens,
	}
	settings.Apple.ClientID, settings.Apple.TeamID, settings.Apple.KeyID = cfg.Apple.ClientID, cfg.Apple.TeamID, cfg.Apple.KeyID
	settings.Apple.PrivateKey = cfg.Apple.PrivateKey
	if cfg.Apple.PrivateKeyFile != "" {
		key, err := os.ReadFile(cfg.Apple.PrivateKeyFile)
		if err != nil {
			return nil, fmt.Errorf("APPLE_PRIVATE_KEY_FILE: %w", err)
		}
		settings.Apple.PrivateKey = string(key)
	}
	settings.OIDC.Client, settings.OIDC.Issuer, settings.OIDC.Name = oauth.Client(cfg.OIDC.Client), cfg.OIDC.Issuer, cfg.OIDC.Name
	return oauth.New(settings, now)
}
