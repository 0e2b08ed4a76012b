package models

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"time"
)

// silence is how long a server may say nothing while it is asked: two seconds more than its own
// statement_timeout, after which one that lives says so. lib/pq waits for an answer without end,
// whatever the context. 0, without end, when the address asks for no such timeout.
func silence(address string) time.Duration {
	at, err := url.Parse(address)
	if err != nil {
		return 0
	}
	text := at.Query().Get("statement_timeout")
	if ms, err := strconv.Atoi(text); err == nil && ms > 0 {
		return time.Duration(ms)*time.Millisecond + 2*time.Second
	}
	if limit, err := time.ParseDuration(text); err == nil && limit > 0 { // Postgres takes 5s, too
		return limit + 2*time.Second
	}
	return 0
}

// dialer opens connections that give up on a server that has gone silent.
type dialer struct {
	net.Dialer
	silence time.Duration
}

// DialTimeout is lib/pq's interface.
func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext is lib/pq's interface.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return impatient{conn, d.silence}, nil
}

type impatient struct {
	net.Conn
	silence time.Duration
}

// Read is net.Conn's.
func (c impatient) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(c.until()); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write is net.Conn's.
func (c impatient) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(c.until()); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c impatient) until() time.Time {
	if c.silence == 0 {
		return time.Time{}
	}
	return time.Now().Add(c.silence)
}
