package mail

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
)

func letter() Message {
	return Message{To: "anna@example.com", Subject: "Your code – now", Lines: []string{"First <b>line</b>.", "Second."},
		Code: "042137", Why: "Because."}
}

func TestMailArrivesAsTextThenHTML(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{})
	send(t, "smtp://"+server.addr, letter())
	got := server.one(t)
	if got.from != "<hello@gate.example>" || len(got.to) != 1 || got.to[0] != "<anna@example.com>" {
		t.Fatalf("envelope %+v", got)
	}
	parsed, err := netmail.ReadMessage(strings.NewReader(got.data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || subject != "Your code – now" || parsed.Header.Get("From") != `"Gate House" <hello@gate.example>` ||
		parsed.Header.Get("To") != "<anna@example.com>" {
		t.Fatalf("headers %v", parsed.Header)
	}
	if id := parsed.Header.Get("Message-ID"); !strings.HasSuffix(id, "@gate.example>") ||
		parsed.Header.Get("Auto-Submitted") != "auto-generated" || parsed.Header.Get("Date") == "" {
		t.Fatalf("headers %v", parsed.Header)
	}
	parts := partsOf(t, parsed)
	if len(parts) != 2 || parts[0] != "First <b>line</b>.\n\nSecond.\n\n    042137\n\nBecause.\n" {
		t.Fatalf("parts %q", parts)
	}
	if !strings.Contains(parts[1], "First &lt;b&gt;line&lt;/b&gt;.") || !strings.Contains(parts[1], ">042137</p>") ||
		strings.Contains(parts[1], "http") {
		t.Fatalf("html %s", parts[1])
	}
}

func partsOf(t *testing.T, message *netmail.Message) []string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	var parts []string
	reader := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
}

func TestWorkersShareOneSender(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{})
	sender := must(t, "smtp://gate:secret@"+server.addr)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := sender.Send(t.Context(), letter()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(server.all()); n != 8 {
		t.Fatalf("%d mails arrived", n)
	}
}

// What a stranger types reaches To, and may reach other fields one day: one mail, one recipient.
func TestNothingTypedBecomesAHeader(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{})
	sender := must(t, "smtp://"+server.addr)
	for name, change := range map[string]func(*Message){
		"line in to":      func(m *Message) { m.To = "anna@example.com\r\nBcc: eve@example.com" },
		"list in to":      func(m *Message) { m.To = "anna@example.com, eve@example.com" },
		"name in to":      func(m *Message) { m.To = "Eve <eve@example.com>" },
		"nobody":          func(m *Message) { m.To = "" },
		"line in subject": func(m *Message) { m.Subject = "Hello\r\nBcc: eve@example.com" },
		"nul in subject":  func(m *Message) { m.Subject = "Hello\x00" },
	} {
		message := letter()
		change(&message)
		if err := sender.Send(t.Context(), message); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", name, err)
		}
	}
	message := letter()
	message.Lines, message.Code, message.Why = []string{"x\r\n.\r\nMAIL FROM:<eve@example.com>"}, "1\r\n.\r\n", ".\r\nRSET"
	send(t, "smtp://"+server.addr, message)
	if got := server.one(t); len(got.to) != 1 || strings.Contains(strings.SplitN(got.data, "\r\n\r\n", 2)[0], "eve") {
		t.Fatalf("arrived %+v", got)
	}
}

func TestARefusalIsFinalADelayIsNot(t *testing.T) {
	t.Parallel()
	for answer, final := range map[string]bool{"550 5.1.1 <anna@example.com> unknown": true, "451 4.3.0 later": false} {
		server := startServer(t, serverSettings{rcpt: answer})
		err := must(t, "smtp://"+server.addr).Send(t.Context(), letter())
		if err == nil || errors.Is(err, ErrRefused) != final {
			t.Errorf("%s: %v", answer, err)
		}
		if strings.Contains(Masked(err), "anna") {
			t.Errorf("masked: %s", Masked(err))
		}
	}
}

func TestAGoodbyeThatFailsIsASentMail(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{rudeQuit: true})
	send(t, "smtp://"+server.addr, letter())
	server.one(t)
}

func TestTLSIsUsedWhereOffered(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{tls: true})
	sender := must(t, "smtp://"+server.addr)
	trust(t, sender, server)
	if err := sender.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	if got := server.one(t); !got.secure {
		t.Fatal("the mail went in the open")
	}
}

func TestAServerNobodyVouchesForGetsNothing(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{tls: true})
	if err := must(t, "smtp://"+server.addr).Send(t.Context(), letter()); err == nil {
		t.Fatal("a certificate of nobody is accepted")
	}
}

func TestSMTPSSpeaksTLSFromTheStart(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{tls: true, implicit: true})
	sender := must(t, "smtps://gate:secret@"+server.addr)
	trust(t, sender, server)
	if err := sender.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	if got := server.one(t); !got.secure || got.login != "\x00gate\x00secret" {
		t.Fatalf("arrived %+v", got)
	}
}

func TestCredentialsOnThisMachine(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{})
	sender := must(t, "smtp://gate:se%40cret@"+server.addr)
	if err := sender.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	if got := server.one(t); got.login != "\x00gate\x00se@cret" {
		t.Fatalf("login %q", got.login)
	}
}

// A machine between us and the server that hides STARTTLS must not be sent the password.
func TestCredentialsAreNotSentInTheOpen(t *testing.T) {
	t.Parallel()
	server := startServer(t, serverSettings{})
	sender := must(t, "smtp://gate:secret@mail.example.com:587")
	dialInstead(t, sender, server)
	if err := sender.Send(t.Context(), letter()); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Fatalf("err = %v, want a word about STARTTLS", err)
	}
	if said := server.said(); strings.Contains(said, "AUTH") || strings.Contains(said, "MAIL") {
		t.Fatalf("the server heard %q", said)
	}
}

func TestSettingsAreRefusedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "mail.example.com:25", "http://mail.example.com", "smtp://",
		"smtp://gate:hunter2@mail:99999", "smtp://gate:hunter2@mail:x", "smtp://gate:hunter2@ho st", "smtp://gate:hunter2%zz@mail"} {
		if _, err := NewSMTP(address, "hello@gate.example"); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("NewSMTP(%q) = %v", address, err)
		}
	}
	for _, from := range []string{"", "Gatehouse", "a@b.example\r\nBcc: eve@example.com"} {
		if _, err := NewSMTP("smtp://mail.example.com", from); err == nil {
			t.Errorf("from %q passes", from)
		}
	}
	for address, want := range map[string]string{"smtp://mail.example.com": "mail.example.com:587",
		"smtps://mail.example.com": "mail.example.com:465", "smtp://mail.example.com:25": "mail.example.com:25"} {
		if got := must(t, address).client.ServerAddr(); got != want {
			t.Errorf("%s goes to %s", address, got)
		}
	}
}

func must(t *testing.T, address string) *SMTP {
	t.Helper()
	sender, err := NewSMTP(address, "Gate House <hello@gate.example>")
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func send(t *testing.T, address string, message Message) {
	t.Helper()
	if err := must(t, address).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
}
