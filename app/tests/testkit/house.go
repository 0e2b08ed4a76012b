// Package testkit is what the walks through the real routes stand on: a house with its clock, its mails and its log
// in the test's hands, browsers without JavaScript, and a stand that plays every provider. Only tests import it.
package testkit

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/config"
	"gatehouse/app/server"
	"gatehouse/app/tests/testkit/servers"
)

// Clock is the machine's clock, moved.
type Clock struct {
	ahead atomic.Int64
	held  atomic.Pointer[time.Time]
}

// Now is the moved time.
func (c *Clock) Now() time.Time {
	now := time.Now()
	if held := c.held.Load(); held != nil {
		now = *held
	}
	return now.Add(time.Duration(c.ahead.Load()))
}

// Hold stops the clock: what a test counts in a time then does not depend on how busy the machine is.
func (c *Clock) Hold() {
	now := time.Now()
	c.held.Store(&now)
}

// Advance moves it.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// Secret is the APP_SECRETS of every house.
const Secret = "a secret for tests only and long enough to be one"

// House is the real app on a real port, with its clock, its outbox and its log in the test's hands.
type House struct {
	*server.Server
	T     *testing.T
	URL   string
	Env   map[string]string
	Clock *Clock
	Logs  *servers.LogBuffer
	From  string // the client address of its browsers: limits on a shared Redis count each house apart
}

// NewHouse opens the app on SQLite. Each setting is "NAME=value"; port 0 in APP_URL is the house's own.
func NewHouse(t *testing.T, settings ...string) *House {
	t.Helper()
	return NewHouseAt(t, &Clock{}, settings...)
}

// NewHouseAt is NewHouse by a clock that others live by too.
func NewHouseAt(t *testing.T, clock *Clock, settings ...string) *House {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	h := &House{T: t, URL: address, Clock: clock, Logs: &servers.LogBuffer{}, From: AnyAddress(), Env: map[string]string{
		"APP_URL": address, "APP_SECRETS": Secret, "TRUSTED_PROXIES": "127.0.0.1",
		"DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "gatehouse.db"),
	}}
	h.set(settings)
	if name, found := strings.CutSuffix(h.Env["APP_URL"], ":0"); found {
		h.Env["APP_URL"] = name + address[strings.LastIndex(address, ":"):]
	}
	h.serve(listener)
	t.Cleanup(h.Shut)
	return h
}

func (h *House) set(settings []string) {
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		h.Env[name] = value
	}
}

func (h *House) serve(listener net.Listener) {
	h.T.Helper()
	cfg, err := config.Load(func(name string) string { return h.Env[name] })
	if err != nil {
		h.T.Fatal(err)
	}
	h.Server, err = server.Open(h.T.Context(), cfg, h.Clock.Now, server.NewLog(h.Logs, h.Logs, false, slog.LevelDebug))
	if err != nil {
		h.T.Fatal(err)
	}
	go func(s *server.Server) { _ = s.Serve(listener) }(h.Server)
}

// Shut ends the process in order.
func (h *House) Shut() {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := h.Web.ShutdownWithContext(ctx); err != nil {
		h.T.Log("shutdown:", err)
	}
	if err := h.Close(ctx); err != nil {
		h.T.Error("close:", err)
	}
}

// Restart ends the process and starts another on the same address, database and settings.
func (h *House) Restart(settings ...string) {
	h.T.Helper()
	h.Shut()
	h.Again(settings...)
}

// Again starts another process in place of one that was shut.
func (h *House) Again(settings ...string) {
	h.T.Helper()
	h.set(settings)
	listener, err := net.Listen("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		h.T.Fatal(err)
	}
	h.serve(listener)
}

// Twin is another process of the same house: same settings, own address.
func (h *House) Twin() *House {
	h.T.Helper()
	settings := make([]string, 0, len(h.Env))
	for name, value := range maps.All(h.Env) {
		if name != "APP_URL" {
			settings = append(settings, name+"="+value)
		}
	}
	return NewHouseAt(h.T, h.Clock, settings...)
}

// EveryStore runs a walk on SQLite alone, and on Postgres with Redis.
func EveryStore(t *testing.T, walk func(t *testing.T, h *House), settings ...string) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		walk(t, NewHouse(t, settings...))
	})
	t.Run("postgres and redis", func(t *testing.T) {
		t.Parallel()
		walk(t, NewHouse(t, append(slices.Clone(settings), OnServers(t)...)...))
	})
}

// OnServers are the settings of a schema of its own on the test's PostgreSQL, and of its Redis.
func OnServers(t *testing.T) []string {
	t.Helper()
	return []string{"DATABASE_URL=" + servers.Postgres(t), "REDIS_URL=" + servers.Redis(t)}
}
