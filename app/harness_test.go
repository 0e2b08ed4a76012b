package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/app/config"
	"gatehouse/app/server"
)

// clock is the machine's clock, moved.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// house is the real app on a real port, with its clock, its outbox and its log in the test's hands.
type house struct {
	*server.Server
	t     *testing.T
	url   string
	env   map[string]string
	clock *clock
	logs  *syncBuffer
	from  string // the client address of its browsers: limits on a shared Redis count each house apart
}

// syncBuffer is a log that many goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newHouse opens the app on SQLite. Each setting is "NAME=value"; port 0 in APP_URL is the house's own.
func newHouse(t *testing.T, settings ...string) *house {
	t.Helper()
	return newHouseAt(t, &clock{}, settings...)
}

func newHouseAt(t *testing.T, clock *clock, settings ...string) *house {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	h := &house{t: t, url: address, clock: clock, logs: &syncBuffer{}, from: anyAddress(), env: map[string]string{
		"APP_URL": address, "APP_SECRETS": "a secret for tests only and long enough to be one", "TRUSTED_PROXIES": "127.0.0.1",
		"DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "gatehouse.db"),
	}}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		h.env[name] = value
	}
	if name, found := strings.CutSuffix(h.env["APP_URL"], ":0"); found {
		h.env["APP_URL"] = name + address[strings.LastIndex(address, ":"):]
	}
	h.serve(listener)
	t.Cleanup(h.shut)
	return h
}

func (h *house) serve(listener net.Listener) {
	h.t.Helper()
	cfg, err := config.Load(func(name string) string { return h.env[name] })
	if err != nil {
		h.t.Fatal(err)
	}
	h.Server, err = server.Open(h.t.Context(), cfg, h.clock.now, server.NewLog(h.logs, h.logs, false, slog.LevelDebug))
	if err != nil {
		h.t.Fatal(err)
	}
	go func(s *server.Server) { _ = s.Serve(listener) }(h.Server)
}

// shut ends the process in order.
func (h *house) shut() {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := h.Web.ShutdownWithContext(ctx); err != nil {
		h.t.Log("shutdown:", err)
	}
	if err := h.Close(ctx); err != nil {
		h.t.Error("close:", err)
	}
}

// restart ends the process and starts another on the same address, database and settings.
func (h *house) restart(settings ...string) {
	h.t.Helper()
	h.shut()
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		h.env[name] = value
	}
	listener, err := net.Listen("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.serve(listener)
}

// twin is another process of the same house: same settings, own address.
func (h *house) twin() *house {
	h.t.Helper()
	settings := make([]string, 0, len(h.env))
	for name, value := range maps.All(h.env) {
		if name != "APP_URL" {
			settings = append(settings, name+"="+value)
		}
	}
	return newHouseAt(h.t, h.clock, settings...)
}

// everyStore runs a walk on SQLite alone, and on Postgres with Redis.
func everyStore(t *testing.T, walk func(t *testing.T, h *house), settings ...string) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		walk(t, newHouse(t, settings...))
	})
	t.Run("postgres and redis", func(t *testing.T) {
		t.Parallel()
		walk(t, newHouse(t, append(slices.Clone(settings), servers(t)...)...))
	})
}

// servers are the settings of a schema of its own on the test's PostgreSQL, and of its Redis.
func servers(t *testing.T) []string {
	t.Helper()
	return []string{"DATABASE_URL=" + postgres(t), "REDIS_URL=" + need(t, "TEST_REDIS_URL", "no redis-server was found")}
}

func postgres(t *testing.T) string {
	t.Helper()
	address := need(t, "TEST_DATABASE_URL", "no PostgreSQL was found")
	return schema(t, address)
}

// need is a setting of the test run. Outside CI a test without it is skipped, and says why.
func need(t *testing.T, name, why string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" && os.Getenv("CI") != "" {
		t.Fatalf("%s is not set: %s, and in CI nothing is skipped", name, why)
	}
	if value == "" {
		t.Skipf("%s is not set: %s", name, why)
	}
	return value
}

// browser is one person's browser: a cookie jar, no JavaScript, redirects followed only when asked.
type browser struct {
	t      *testing.T
	h      *house
	client *http.Client
	agent  string
	from   string // its address, as a trusted proxy reports it
	htmx   bool
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{t: h.t, h: h, from: h.from, agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		client: &http.Client{Jar: jar, Timeout: 60 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) to() string { return a.header.Get("Location") }

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, nil)
}

// post sends a form as a page of ours would. Pairs are name, value, name, value.
func (b *browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.t.Helper()
	request := b.request(method, path, form)
	got, err := b.send(request)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

func (b *browser) request(method, path string, form url.Values) *http.Request {
	request, err := http.NewRequest(method, b.h.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("User-Agent", b.agent)
	request.Header["X-Forwarded-For"] = strings.Split(b.from, "\n") // a header line each
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.htmx {
		request.Header.Set("HX-Request", "true")
	}
	return request
}

func (b *browser) send(request *http.Request) (answer, error) {
	response, err := b.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if request.Method == http.MethodPost && response.StatusCode/100 == 3 && response.StatusCode != http.StatusSeeOther {
		b.t.Errorf("POST %s answered %d: after a POST only 303 makes every browser ask by GET", request.URL.Path, response.StatusCode)
	}
	return answer{response.StatusCode, response.Header, string(body)}, err
}

// cookies are what the jar holds, by name.
func (b *browser) cookies() map[string]string {
	at, _ := url.Parse(b.h.url)
	found := map[string]string{}
	for _, cookie := range b.client.Jar.Cookies(at) {
		found[cookie.Name] = cookie.Value
	}
	return found
}

// keep puts a cookie into the jar, as a thief or an older page would have it. "" removes it.
func (b *browser) keep(name, value string) {
	at, _ := url.Parse(b.h.url)
	age := 0
	if value == "" {
		age = -1
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/", MaxAge: age}})
}

// copy is another browser with the same cookies.
func (b *browser) copy() *browser {
	other := b.h.browser()
	other.from = b.from
	for name, value := range b.cookies() {
		other.keep(name, value)
	}
	return other
}

const password = "a long way to the gatehouse"

// anyAddress is a client address nobody else has.
func anyAddress() string {
	raw := uuid.New()
	return fmt.Sprintf("10.%d.%d.%d", raw[0], raw[1], raw[2])
}

// someone is an address nobody has used yet.
func someone() string {
	return "p" + strings.ReplaceAll(uuid.NewString(), "-", "")[:16] + "@example.com"
}

// code waits for the next mail with a code to an address.
func (h *house) code(to string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	for {
		message, err := h.Mailbox.Next(ctx, to)
		if err != nil {
			h.t.Fatalf("no code came to %s: %v", to, err)
		}
		if message.Code != "" {
			return message.Code
		}
	}
}

// mail waits for the next mail to an address.
func (h *house) mail(to string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	message, err := h.Mailbox.Next(ctx, to)
	if err != nil {
		h.t.Fatalf("no mail came to %s: %v", to, err)
	}
	return message.Subject + "\n" + message.Text()
}

// signUp makes a user through the pages, and leaves the browser signed in.
func (b *browser) signUp(email string) *browser {
	b.t.Helper()
	b.want(b.post("/sign-up", "name", "Ada Lovelace", "email", email, "password", password, "remember", "on"), 303, "/verify")
	b.want(b.post("/verify", "code", b.h.code(email)), 303, "/dashboard")
	return b
}

// signIn enters with the password.
func (b *browser) signIn(email string) *browser {
	b.t.Helper()
	b.want(b.post("/sign-in", "email", email, "password", password, "remember", "on"), 303, "/dashboard")
	return b
}

// want fails the test unless the answer has the status and, for redirects, leads to where.
func (b *browser) want(got answer, status int, to string) answer {
	b.t.Helper()
	if got.status != status || got.to() != to {
		b.t.Fatalf("got %d to %q, want %d to %q\n%s", got.status, got.to(), status, to, text(got.body))
	}
	return got
}

// signedIn reports whether the dashboard opens.
func (b *browser) signedIn() bool {
	b.t.Helper()
	return b.get("/dashboard").status == http.StatusOK
}

// expire lets the access token run out, as time or a closed browser would.
func (b *browser) expire() { b.keep("access", "") }

// eventually waits until something that happens behind the requests has happened.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !happened() {
		if time.Now().After(deadline) {
			t.Fatalf("still not so after 30 s: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// text is a page without its tags, for failures that one can read.
func text(page string) string {
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")), " ")
}

// schema makes an empty schema on a PostgreSQL server and returns the address that uses it.
func schema(t *testing.T, address string) string {
	t.Helper()
	name := "t" + strings.ReplaceAll(uuid.NewString(), "-", "")
	execute(t, address, "CREATE SCHEMA "+name)
	t.Cleanup(func() { execute(t, address, "DROP SCHEMA "+name+" CASCADE") })
	join := "?"
	if strings.Contains(address, "?") {
		join = "&"
	}
	return fmt.Sprintf("%s%ssearch_path=%s", address, join, name)
}
