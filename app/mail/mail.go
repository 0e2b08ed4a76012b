// Package mail words mails and carries them to people: over SMTP or, in development, into a mailbox that keeps
// them. Which mails go out, and when, is the account package's: its outbox calls a Sender behind the request.
package mail

import (
	"context"
	"errors"
	"regexp"
	"strings"
)

// ErrRefused says that a message will not be accepted however often it is tried.
var ErrRefused = errors.New("mail: refused")

// Message is one mail. Lines are its paragraphs, Code stands out below them, Why says in one
// sentence why the person got it.
type Message struct {
	ID          string // the same at each try: a Message-ID is made of it (RFC 5322, 3.6.4)
	Lang        string // of its words (BCP 47)
	To, Subject string
	Lines       []string
	Code        string
	Why         string
}

// Sender hands one message on. It returns when the message is accepted. ErrRefused when trying
// again is useless; any other error may pass. It is called from several goroutines at once.
type Sender interface {
	Send(ctx context.Context, message Message) error
}

// mask is an address for logs: a•••@example.com.
func mask(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" {
		return "•••"
	}
	return string([]rune(local)[:1]) + "•••@" + domain
}

// Masked is an error for logs. Mail servers quote the address they refuse.
func Masked(err error) string {
	return regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;:]+`).ReplaceAllStringFunc(err.Error(), mask)
}
