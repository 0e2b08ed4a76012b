package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// serverSettings are the ways in which a mail server differs.
type serverSettings struct {
	tls      bool   // offers STARTTLS
	implicit bool   // speaks TLS from the start
	rcpt     string // answers RCPT with this
	rudeQuit bool   // hangs up on QUIT
}

// arrived is one mail as a server got it.
type arrived struct {
	from, data, login string
	to                []string
	secure            bool
}

// server receives mail (RFC 5321) on loopback.
type server struct {
	serverSettings
	addr  string
	cert  tls.Certificate
	roots *x509.CertPool

	mu    sync.Mutex
	heard strings.Builder
	mails []arrived
}

func startServer(t *testing.T, settings serverSettings) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	s := &server{serverSettings: settings, addr: listener.Addr().String()}
	s.cert, s.roots = certificate(t)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, plan, plan, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func trust(t *testing.T, sender *SMTP, s *server) {
	t.Helper()
	if err := sender.client.SetTLSConfig(&tls.Config{RootCAs: s.roots, ServerName: "127.0.0.1",
		MinVersion: tls.VersionTLS12}); err != nil {
		t.Fatal(err)
	}
}

// dialInstead leads a sender to this server by another name.
func dialInstead(t *testing.T, sender *SMTP, s *server) {
	t.Helper()
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.addr)
	}
	if err := gomail.WithDialContextFunc(dial)(sender.client); err != nil {
		t.Fatal(err)
	}
}

func (s *server) one(t *testing.T) arrived {
	t.Helper()
	mails := s.all()
	if len(mails) != 1 {
		t.Fatalf("%d mails arrived", len(mails))
	}
	return mails[0]
}

func (s *server) all() []arrived {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *server) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard.String()
}

func (s *server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	mail := arrived{secure: s.implicit}
	if s.implicit {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{s.cert}})
	}
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
	say("220 gate ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		s.hear(line)
		verb := strings.ToUpper(strings.Fields(line + " .")[0])
		switch verb {
		case "EHLO":
			say("250-gate")
			if s.tls && !mail.secure {
				say("250-STARTTLS")
			}
			say("250-AUTH PLAIN")
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go on")
			secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{s.cert}})
			conn, in, mail.secure = secure, bufio.NewReader(secure), true
		case "AUTH":
			login, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(line, "AUTH PLAIN ")))
			mail.login = string(login)
			say("235 welcome")
		case "MAIL":
			mail.from = strings.TrimPrefix(strings.Fields(line)[1], "FROM:")
			say("250 ok")
		case "RCPT":
			if s.rcpt != "" {
				say(s.rcpt)
				continue
			}
			mail.to = append(mail.to, strings.TrimPrefix(strings.Fields(line)[1], "TO:"))
			say("250 ok")
		case "DATA":
			say("354 go on")
			mail.data = readData(in)
			s.keep(mail)
			say("250 kept")
		case "QUIT":
			if !s.rudeQuit {
				say("221 bye")
			}
			return
		default:
			say("250 ok")
		}
	}
}

func readData(in *bufio.Reader) string {
	var data strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return data.String()
		}
		data.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (s *server) hear(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard.WriteString(line)
}

func (s *server) keep(mail arrived) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, mail)
}
