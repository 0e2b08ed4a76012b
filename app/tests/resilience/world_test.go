//go:build resilience

package resilience_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"gatehouse/app/account"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/models"
)

const (
	secret   = "a secret for tests only and long enough to be one"
	password = "a long way to the gatehouse"
)

// world is what the processes of one scenario share: a database, a Redis, secrets and settings.
type world struct {
	t        *testing.T
	env      map[string]string
	public   string // the balancer's address, or the first process's
	db       *models.DB
	client   redis.UniversalClient
	keys     *token.Keys
	engine   *session.Engine // of this test, to start sessions by the thousand
	password string          // hashed once
}

// Access tokens outlive most faults, so that an ended session is refused by what a process knows and
// not by an expiry; the grace is short, so that a trade after it does not take long.
const (
	accessTTL = 2 * time.Minute
	grace     = time.Second
)

func newWorld(t *testing.T, redisURL string, settings ...string) *world {
	t.Helper()
	port := freePort(t)
	w := &world{t: t, public: "127.0.0.1:" + port, env: map[string]string{
		"APP_ENV": "production", "APP_URL": "http://127.0.0.1:" + port, "APP_SECRETS": secret,
		"DATABASE_URL": sql.database(t), "REDIS_URL": redisURL, "SMTP_URL": "smtp://127.0.0.1:9",
		"MAIL_FROM":  "gate@example.com",
		"ACCESS_TTL": accessTTL.String(), "REFRESH_GRACE": grace.String(), "GOMAXPROCS": "2",
	}}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		w.env[name] = value
	}
	var err error
	if w.db, err = models.Open(t.Context(), w.env["DATABASE_URL"]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	if w.client, err = session.Dial(redisURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.client.Close() })
	w.keys = keysOf(t, w.env["APP_URL"], time.Now, secret)
	w.engine = engineOn(w.client, w.keys, time.Now, never)
	hashed, err := account.NewPasswords(1, 8, 12).Hash(t.Context(), account.Known, password)
	if err != nil {
		t.Fatal(err)
	}
	w.password = hashed
	return w
}

func keysOf(t *testing.T, issuer string, now func() time.Time, secrets ...string) *token.Keys {
	t.Helper()
	keys, err := token.NewKeys(secrets, issuer, now)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// never is a clock that was not moved.
func never() time.Duration { return 0 }

func engineOn(client redis.UniversalClient, keys *token.Keys, now func() time.Time,
	ahead func() time.Duration) *session.Engine {
	rules := session.Settings{AccessTTL: accessTTL, Idle: time.Hour, Max: 24 * time.Hour}
	return session.New(session.NewRedis(client, grace, accessTTL, ahead), keys, rules, session.Unobserved(),
		now, slog.New(slog.DiscardHandler))
}

// gatehouse is one process of ours.
type gatehouse struct {
	*process
	w    *world
	addr string
	env  map[string]string
}

// gate starts a process on a port of its own and waits until it is ready.
func (w *world) gate(settings ...string) *gatehouse {
	w.t.Helper()
	return w.gateAt("127.0.0.1:"+freePort(w.t), settings...)
}

func (w *world) gateAt(addr string, settings ...string) *gatehouse {
	w.t.Helper()
	g := &gatehouse{w: w, addr: addr, env: maps.Clone(w.env)}
	g.env["ADDR"] = addr
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		g.env[name] = value
	}
	g.start()
	eventually(w.t, "a process at "+addr+" is ready", func() bool {
		if !g.running() {
			w.t.Fatalf("gatehouse: %s", g.said())
		}
		return g.status("/readyz") == http.StatusOK
	})
	return g
}

func (g *gatehouse) start() {
	g.w.t.Helper()
	g.process = start(g.w.t, g.command())
}

func (g *gatehouse) command() *exec.Cmd {
	cmd := exec.Command(binary)
	cmd.Dir = g.w.t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range g.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// again starts the process that was here before once more, and waits until it is ready.
func (g *gatehouse) again() {
	g.w.t.Helper()
	g.start()
	eventually(g.w.t, "the process at "+g.addr+" is back", func() bool {
		if !g.running() {
			g.w.t.Fatalf("gatehouse: %s", g.said())
		}
		return g.status("/readyz") == http.StatusOK
	})
}

// status is what a GET answers, 0 for nothing.
func (g *gatehouse) status(path string) int {
	response, err := quick.Get("http://" + g.addr + path)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// read is a page of this process.
func (g *gatehouse) read(path string) string {
	response, err := quick.Get("http://" + g.addr + path)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	return string(body)
}

var quick = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// terminate is SIGTERM; the answer is the exit code.
func (g *gatehouse) terminate() int {
	g.w.t.Helper()
	g.signal(syscall.SIGTERM)
	select {
	case <-g.exited:
	case <-time.After(40 * time.Second):
		g.w.t.Fatal("a process does not end on SIGTERM")
	}
	return g.cmd.ProcessState.ExitCode()
}

// user keeps a new user whose password is password.
func (w *world) user() models.User {
	w.t.Helper()
	name := strings.ToLower(rand.Text())
	user, err := w.db.Users.Create(w.t.Context(), models.User{Email: name + "@example.com", Name: "Ada " + name[:4],
		PasswordHash: w.password}, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return user
}

// started is a new session of a user.
func (w *world) started(user models.User) session.Pair {
	w.t.Helper()
	pair, err := w.engine.Start(w.t.Context(),
		user, session.Arrival{Remember: true, AMR: []string{"pwd"}, Client: "Firefox on Linux", IP: "192.0.2.1"})
	if err != nil {
		w.t.Fatal(err)
	}
	return pair
}

// background runs work until the returned function is called, which waits for its end.
func background(work func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// newUserID is a person of whom only the session store hears.
func newUserID() string { return uuid.NewString() }

var discard = slog.New(slog.DiscardHandler)

// remembered is a store that answers a start as if it had kept it: the tokens are real, and no
// server was asked. Nothing else of it is ever called.
type remembered struct{ session.Store }

func (remembered) Start(_ context.Context, s models.Session, life time.Duration) (models.Session, []models.Ended,
	error) {
	s.StartedAt = time.Now()
	s.RotatedAt, s.SeenAt, s.EndsAt = s.StartedAt, s.StartedAt, s.StartedAt.Add(life)
	return s, nil, nil
}
