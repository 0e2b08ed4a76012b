package testkit

import (
	"context"
	"strings"
	"time"
)

// Code waits for the next mail with a code to an address.
func (h *House) Code(to string) string {
	h.T.Helper()
	ctx, cancel := context.WithTimeout(h.T.Context(), 30*time.Second)
	defer cancel()
	for {
		message, err := h.Mailbox.Next(ctx, to)
		if err != nil {
			h.T.Fatalf("no code came to %s: %v", to, err)
		}
		if message.Code != "" {
			return message.Code
		}
	}
}

// Mail waits for the next mail to an address.
func (h *House) Mail(to string) string {
	h.T.Helper()
	ctx, cancel := context.WithTimeout(h.T.Context(), 30*time.Second)
	defer cancel()
	message, err := h.Mailbox.Next(ctx, to)
	if err != nil {
		h.T.Fatalf("no mail came to %s: %v", to, err)
	}
	return message.Subject + "\n" + message.Text()
}

// Posted shuts the house, so that every mail is out, and counts those to an address by subject.
func (h *House) Posted(to, subject string) int {
	h.T.Helper()
	h.Shut()
	count := 0
	for _, kept := range h.Mailbox.All() {
		if kept.To == to && kept.Subject == subject {
			count++
		}
	}
	return count
}

// MailAbout waits for the next mail to an address with this subject.
func (h *House) MailAbout(to, subject string) string {
	h.T.Helper()
	for {
		if mail := h.Mail(to); strings.HasPrefix(mail, subject+"\n") {
			return mail
		}
	}
}
