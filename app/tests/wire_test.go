package tests

import (
	"net"
	"net/url"
	"sync"
	"testing"

	"gatehouse/app/tests/testkit"
	"gatehouse/app/tests/testkit/servers"
)

// wire is a connection to a server that a test can cut or silence.
type wire struct {
	address string
	to      string

	mu     sync.Mutex
	cut    bool
	silent bool
	ends   []net.Conn
}

// wired stands between a house and the server at to.
func wired(t *testing.T, to string) *wire {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: listener.Addr().String(), to: to}
	t.Cleanup(func() { _ = listener.Close(); w.down() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			w.join(near)
		}
	}()
	return w
}

func (w *wire) join(near net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	far, err := net.Dial("tcp", w.to)
	if err != nil || w.cut {
		_ = near.Close()
		return
	}
	w.ends = append(w.ends, near, far)
	go w.carry(far, near)
	go w.carry(near, far)
}

func (w *wire) carry(to, from net.Conn) {
	defer func() { _ = to.Close(); _ = from.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		silent := w.silent
		w.mu.Unlock()
		if err != nil {
			return
		}
		if !silent {
			_, _ = to.Write(buffer[:n])
		}
	}
}

func (w *wire) down() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for _, end := range w.ends {
		_ = end.Close()
	}
}

func (w *wire) up(h *testkit.House) {
	w.mu.Lock()
	w.cut = false
	w.mu.Unlock()
	testkit.Eventually(h.T, "the feed is read again", func() bool { return !h.Sessions.Behind() })
}

func (w *wire) hush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = true
}

// toRedis is a wire to Redis, and the setting that leads a house through it.
func toRedis(t *testing.T) (*wire, string) {
	at, err := url.Parse(servers.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	w := wired(t, at.Host)
	at.Host = w.address
	return w, "REDIS_URL=" + at.String()
}
