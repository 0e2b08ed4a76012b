package server

import (
	"context"
	"path/filepath"

	"gatehouse/app/account"
	"gatehouse/app/mail"
)

// outbox is what is to be sent and ended. A command adds to it and sends nothing: it has no sender.
func (c *Core) outbox(ctx context.Context) (*account.Outbox, error) {
	if !c.serve {
		data, err := account.ReadDataKey(ctx, c.DB, c.Keys, c.now())
		return account.NewOutbox(c.DB, data, c.Keys, nil, c.Sessions, c.Log, c.now), err
	}
	data, err := account.OpenDataKey(ctx, c.DB, c.Keys, c.now())
	if err != nil {
		return nil, err
	}
	sender, err := c.sender()
	return account.NewOutbox(c.DB, data, c.Keys, sender, c.Sessions, c.Log, c.now), err
}

// sender is where mails go: over SMTP or, without, into a mailbox that /dev/mail shows.
func (c *Core) sender() (mail.Sender, error) {
	if c.cfg.SMTPURL != "" {
		return mail.NewSMTP(c.cfg.SMTPURL, c.cfg.MailFrom)
	}
	file := ""
	if c.DB.Embedded() {
		file = filepath.Join(dataFolder(c.cfg), "mail.json")
	}
	var err error
	c.Mailbox, err = mail.NewMailbox(file, c.now)
	return c.Mailbox, err
}
