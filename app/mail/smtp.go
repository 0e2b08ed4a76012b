package mail

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"gatehouse/app/loopback"
)

// smtpTimeout bounds one conversation with the server.
const smtpTimeout = 20 * time.Second

// SMTP sends through one mail server.
type SMTP struct {
	client *gomail.Client
	from   *mail.Address
	page   *template.Template
}

// NewSMTP reads an address like smtp://user:password@host:587 (STARTTLS where offered, required
// when there are credentials and the host is not this machine) or smtps://…:465. From is an
// address, with a name or without.
func NewSMTP(address, from string) (*SMTP, error) {
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("MAIL_FROM: set it to an address like Gatehouse <hello@example.com>")
	}
	// The error of url.Parse quotes the address, password and all.
	server, err := url.Parse(address)
	if err != nil || server.Hostname() == "" || server.Scheme != "smtp" && server.Scheme != "smtps" {
		return nil, errors.New("SMTP_URL: set it to an address like smtp://user:password@mail.example.com:587")
	}
	options, err := clientOptions(server)
	if err != nil {
		return nil, err
	}
	client, err := gomail.NewClient(server.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL: %w", err)
	}
	return &SMTP{client: client, from: sender, page: parsePage()}, nil
}

// Send hands a message to the server. ErrRefused when the server says never, or the message could
// not be one mail to one person.
func (s *SMTP) Send(ctx context.Context, message Message) error {
	letter, err := s.letter(message)
	if err != nil {
		return err
	}
	conn, err := s.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("mail: connect: %w", err)
	}
	// A goodbye that fails after the mail was accepted must not send it twice.
	defer func() { _ = s.client.CloseWithSMTPClient(conn) }()
	if err := s.client.SendWithSMTPClient(conn, letter); err != nil {
		return refusal(err)
	}
	return nil
}

// Ping reports whether the server answers and accepts the credentials.
func (s *SMTP) Ping(ctx context.Context) error {
	conn, err := s.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("mail: connect: %w", err)
	}
	return s.client.CloseWithSMTPClient(conn)
}

func clientOptions(server *url.URL) ([]gomail.Option, error) {
	secure, local := server.Scheme == "smtps", loopback.Host(server.Hostname())
	port, err := portOf(server, secure)
	if err != nil {
		return nil, err
	}
	options := []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(smtpTimeout)}
	policy, auth := gomail.TLSOpportunistic, gomail.SMTPAuthAutoDiscover
	if server.User != nil && !local {
		policy = gomail.TLSMandatory // whoever strips STARTTLS on the way would be sent the password
	}
	if local && !secure {
		auth = gomail.SMTPAuthPlain // the only one that goes without TLS, and to this machine alone
	}
	if secure {
		options = append(options, gomail.WithSSL())
	} else {
		options = append(options, gomail.WithTLSPolicy(policy))
	}
	if server.User != nil {
		password, _ := server.User.Password()
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(server.User.Username()),
			gomail.WithPassword(password))
	}
	return options, nil
}

func portOf(server *url.URL, secure bool) (int, error) {
	switch {
	case server.Port() != "":
		port, err := strconv.Atoi(server.Port())
		if err != nil || port < 1 || port > 65535 {
			return 0, errors.New("SMTP_URL: the port is a number up to 65535")
		}
		return port, nil
	case secure:
		return 465, nil
	}
	return 587, nil
}

// letter is the message as MIME, plain text first.
func (s *SMTP) letter(message Message) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(message.To)
	if err != nil || to.Address != message.To || strings.ContainsFunc(message.To+message.Subject, unicode.IsControl) {
		return nil, fmt.Errorf("%w: not one address and one line of subject", ErrRefused)
	}
	html, err := asHTML(s.page, message)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	letter := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	letter.FromMailAddress(s.from)
	letter.ToMailAddress(to)
	letter.Subject(message.Subject)
	letter.SetDate()
	letter.SetMessageIDWithValue(cmp.Or(message.ID, rand.Text()) + s.from.Address[strings.LastIndex(s.from.Address, "@"):])
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // no holiday replies (RFC 3834)
	letter.SetBodyString(gomail.TypeTextPlain, asText(message))
	letter.AddAlternativeString(gomail.TypeTextHTML, html)
	return letter, nil
}

func refusal(err error) error {
	var answer *gomail.SendError
	if errors.As(err, &answer) && answer.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return fmt.Errorf("mail: send: %w", err)
}
