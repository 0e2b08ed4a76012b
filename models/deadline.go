package models

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"time"
)

// readTimeout is how long a connection waits for a server that has stopped answering: two seconds more than its own
// statement_timeout, after which one that lives says so. lib/pq waits without end, whatever the context. 0, without
// end, when the address sets no statement_timeout.
func readTimeout(address string) time.Duration {
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

// dialer opens connections that time out on a server that has stopped answering.
type dialer struct {
	net.Dialer
	timeout time.Duration
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
	return deadlineConn{conn, d.timeout}, nil
}

// deadlineConn sets a deadline before each read and write.
type deadlineConn struct {
	net.Conn
	timeout time.Duration
}

// Read is net.Conn's.
func (c deadlineConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write is net.Conn's.
func (c deadlineConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c deadlineConn) deadline() time.Time {
	if c.timeout == 0 {
		return time.Time{}
	}
	return time.Now().Add(c.timeout)
}
