package main

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
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

func (w *wire) up(h *house) {
	w.mu.Lock()
	w.cut = false
	w.mu.Unlock()
	eventually(h.t, "the feed is read again", func() bool { return !h.Sessions.Behind() })
}

func (w *wire) hush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = true
}

// toRedis is a wire to Redis, and the setting that leads a house through it.
func toRedis(t *testing.T) (*wire, string) {
	at, err := url.Parse(need(t, "TEST_REDIS_URL", "no Redis"))
	if err != nil {
		t.Fatal(err)
	}
	w := wired(t, at.Host)
	at.Host = w.address
	return w, "REDIS_URL=" + at.String()
}

const otherPassword = "another way to the gatehouse"

// A password that is new while the thief's session goes on would be half a reset: nothing is spent
// until the store answers.
func TestResetDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := newHouse(t, setting)
	email := someone()
	thief, owner := h.browser().signUp(email), h.browser()
	owner.want(owner.post("/forgot", "email", email), 303, "/reset")
	code := h.code(email)
	w.down()
	if got := owner.post("/reset", "code", code, "password", otherPassword); got.status != 503 {
		t.Fatalf("while the store is down: %d", got.status)
	}
	w.up(h)
	owner.want(owner.post("/reset", "code", code, "password", otherPassword), 303, "/sign-in?notice=reset&next=%2Fdashboard")
	thief.refuses("the password was reset")
}

func TestPasswordChangeDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := newHouse(t, setting)
	email := someone()
	thief, owner := h.browser().signUp(email), h.browser().signIn(email)
	form := []string{"section", "password", "current", password, "password", otherPassword}
	w.down()
	if got := owner.post("/profile", form...); got.status != 503 {
		t.Fatalf("while the store is down: %d", got.status)
	}
	w.up(h)
	h.browser().signIn(email) // nothing has changed yet
	owner.want(owner.post("/profile", form...), 303, "/profile?notice=password")
	thief.refuses("the password was changed")
}

// The answer of an outage clears nothing, the waiting sign-up's cookie included.
func TestSignUpDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := newHouse(t, setting)
	b, email := h.browser(), someone()
	b.want(b.post("/sign-up", "name", "Ada", "email", email, "password", password), 303, "/verify")
	code := h.code(email)
	w.down()
	if got := b.post("/verify", "code", code); got.status != 503 || len(got.header["Set-Cookie"]) > 0 || strings.Contains(got.body, "still signed in") {
		t.Fatalf("while the store is down: %d, cookies %q: %s", got.status, got.header["Set-Cookie"], text(got.body))
	}
	w.up(h)
	b.want(b.post("/verify", "code", code), 303, "/sign-in?notice=ready&next=%2Fdashboard")
	b.signIn(email)
}

// While nobody knows who is asking, "Connect" must not make an account of its own.
func TestConnectDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h, _ := newEmulated(t, setting)
	b := h.member(someone())
	b.expire()
	w.down()
	if got := b.post("/auth/github/link"); got.status != 503 {
		t.Errorf("while the store is down: %d to %q", got.status, got.to())
	}
	if page := b.get("/sign-in"); page.status != 200 {
		t.Errorf("the sign-in page: %d", page.status)
	}
}

// Packets that vanish are the worst a database can do: lib/pq would wait for ever.
func TestSilentPostgresIsAnswered(t *testing.T) {
	t.Parallel()
	at, err := url.Parse(postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	w := wired(t, at.Host)
	at.Host = w.address
	h := newHouse(t, "DATABASE_URL="+at.String()+"&statement_timeout=1000", "REDIS_URL="+need(t, "TEST_REDIS_URL", "no Redis"))
	b := h.browser().signUp(someone())
	w.hush()
	defer w.down()
	var all sync.WaitGroup
	for _, path := range []string{"/readyz", "/dashboard"} {
		all.Go(func() {
			asking := b.copy()
			asking.client.Timeout = 20 * time.Second
			got, err := asking.send(asking.request(http.MethodGet, path, nil))
			if err != nil || got.status != 503 {
				t.Errorf("%s: %d %v", path, got.status, err)
			}
		})
	}
	all.Wait()
}

// The page is there without the list, and says nothing that it does not know.
func TestDashboardDuringAnOutage(t *testing.T) {
	t.Parallel()
	w, setting := toRedis(t)
	h := newHouse(t, setting)
	b := h.browser().signUp(someone())
	w.down()
	page := b.get("/dashboard")
	if page.status != 200 || !strings.Contains(page.body, "cannot be read") || strings.Contains(page.body, "0001") || strings.Contains(page.body, "Signed in with") {
		t.Errorf("%d %s", page.status, text(page.body))
	}
}
