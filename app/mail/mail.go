// Package mail carries messages to people: over SMTP, or into an outbox that keeps them, behind a
// queue so that no request waits for a mail server.
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
	To, Subject string
	Lines       []string
	Code        string
	Why         string
	First       bool // goes before other codes; codes go before the rest
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

// masked is an error for logs. Mail servers quote the address they refuse.
func masked(err error) string {
	return regexp.MustCompile(`[^\s<>"'(),;:]+@[^\s<>"'(),;:]+`).ReplaceAllStringFunc(err.Error(), mask)
}
