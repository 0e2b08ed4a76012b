package server

import (
	"path/filepath"

	"gatehouse/app/account"
	"gatehouse/app/mail"
)

// openMail is where letters go: over SMTP or, without, into an outbox that /dev/mail shows.
func (c *Core) openMail() (account.Mailer, error) {
	sender, err := c.sender()
	if err != nil {
		return account.Mailer{}, err
	}
	queue := mail.NewQueue(sender, c.Log, mail.Backoff)
	c.stop = append(c.stop, queue.Close)
	return account.Mailer{Post: func(letter account.Letter) { queue.Send(mail.Message(letter)) }, Room: queue.Room}, nil
}

func (c *Core) sender() (mail.Sender, error) {
	if c.cfg.SMTPURL != "" {
		return mail.NewSMTP(c.cfg.SMTPURL, c.cfg.MailFrom)
	}
	file := ""
	if c.DB.Embedded() {
		file = filepath.Join(dataFolder(c.cfg), "mail.json")
	}
	var err error
	c.Outbox, err = mail.NewOutbox(file, c.now)
	return c.Outbox, err
}
