package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gatehouse/app/account"
	"gatehouse/app/config"
	"gatehouse/app/mail"
	"gatehouse/app/oauth"
)

// openMail is where letters go: over SMTP or, without, into an outbox that /dev/mail shows.
func (a *app) openMail(cfg config.Config, now func() time.Time) (account.Mailer, error) {
	var sender mail.Sender
	if cfg.SMTPURL == "" {
		file := ""
		if a.db.Embedded() {
			file = filepath.Join(dataFolder(cfg), "mail.json")
		}
		box, err := mail.NewOutbox(file, now)
		if err != nil {
			return account.Mailer{}, err
		}
		a.outbox, sender = box, box
	} else {
		smtp, err := mail.NewSMTP(cfg.SMTPURL, cfg.MailFrom)
		if err != nil {
			return account.Mailer{}, err
		}
		sender = smtp
	}
	queue := mail.NewQueue(sender, a.log, mail.Backoff)
	a.stop = append(a.stop, queue.Close)
	return account.Mailer{Post: func(letter account.Letter) { queue.Send(mail.Message(letter)) }, Room: queue.Room}, nil
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
