package server

import (
	"context"
	"path/filepath"

	"gatehouse/app/account"
	"gatehouse/app/mail"
)

// openOutbox starts what sends mails and ends sessions behind the requests.
func (c *Core) openOutbox(ctx context.Context) (*account.Outbox, error) {
	data, err := account.OpenDataKey(ctx, c.DB, c.Keys, c.now())
	if err != nil {
		return nil, err
	}
	sender, err := c.sender()
	if err != nil {
		return nil, err
	}
	outbox := account.NewOutbox(c.DB, data, c.Keys, sender, c.Sessions, c.Log, c.now)
	c.stop = append(c.stop, outbox.Close)
	return outbox, outbox.Open(ctx)
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
