package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/limit"
	"gatehouse/app/mail"
	"gatehouse/app/session"
	"gatehouse/app/tests/testkit/servers"
	"gatehouse/app/token"
	"gatehouse/models"
)

const good = "lantern moss quarry 7"

// world is the real thing on a database of its own, with a clock to move and a box for mails.
type world struct {
	*Accounts
	t       *testing.T
	raw     *sql.DB
	address string
	log     *servers.LogBuffer

	mu     sync.Mutex
	at     time.Time
	mails  []mail.Message
	refuse func(message mail.Message) error // how the mail server answers; nil: it takes each
}

// each runs a test on SQLite, and on Postgres where TEST_DATABASE_URL names one.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "test.db")
		test(t, newWorld(t, "sqlite://"+path, "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := servers.Postgres(t)
		test(t, newWorld(t, url, "postgres", url))
	})
}

func newWorld(t *testing.T, url, driver, rawURL string) *world {
	t.Helper()
	db, err := models.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	raw, err := sql.Open(driver, rawURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	w := &world{t: t, raw: raw, address: url, log: &servers.LogBuffer{},
		at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	limits := limit.New(nil, false, w.clock, slog.New(slog.DiscardHandler))
	rules := Rules{KeepTokens: []string{"google"}, Labels: models.ProviderLabels{OIDC: "Acme"}}
	w.Accounts = New(w.outboxOn(db), NewPasswords(0, 200, 12), limits, rules)
	return w
}

// outboxOn is an outbox as another process on this database has one. It is not open: a test has its work done.
func (w *world) outboxOn(db *models.DB) *Outbox {
	w.t.Helper()
	keys := must[*token.Keys](w.t)(token.NewKeys([]string{strings.Repeat("s", 32)}, "https://accounts.example.com",
		w.clock))
	data := must[*token.DataKey](w.t)(OpenDataKey(w.t.Context(), db, keys, w.clock()))
	sessions := w.engineOn(db, keys, func(store session.Store) session.Store { return store })
	return NewOutbox(db, data, keys, w, sessions, w.logger(), w.clock)
}

// engineOn is the session engine on a database, by way of wrap.
func (w *world) engineOn(db *models.DB, keys *token.Keys, wrap func(session.Store) session.Store) *session.Engine {
	store := db.Sessions.With(30*time.Second, 10*time.Minute, func() time.Duration { return time.Until(w.clock()) })
	rules := session.Settings{AccessTTL: 10 * time.Minute, Idle: time.Hour, Max: 24 * time.Hour}
	return session.New(wrap(store), keys, rules, session.Unobserved(), w.clock, w.logger())
}

func (w *world) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w.log, nil)) }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// Send is the mail server.
func (w *world) Send(_ context.Context, message mail.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		if err := w.refuse(message); err != nil {
			return err
		}
	}
	w.mails = append(w.mails, message)
	return nil
}

// mail has what is due sent, and takes the mails since the last look, in the order in which they were decided.
func (w *world) mail() []mail.Message {
	mails := w.sent()
	slices.SortFunc(mails, func(a, b mail.Message) int { return strings.Compare(a.ID, b.ID) })
	return mails
}

// sent is mail in the order of sending.
func (w *world) sent() []mail.Message {
	for w.outbox.deliver(notices) {
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	mails := w.mails
	w.mails = nil
	return mails
}

// one takes the only mail since the last look.
func (w *world) one(to, subject string) mail.Message {
	w.t.Helper()
	letters := w.mail()
	if len(letters) != 1 || letters[0].To != to || letters[0].Subject != subject {
		w.t.Fatalf("letters = %+v, want one to %s: %s", letters, to, subject)
	}
	return letters[0]
}

// count asks the tables.
func (w *world) count(query string) int {
	w.t.Helper()
	var n int
	if err := w.raw.QueryRow(query).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// person has an account with the password good.
func (w *world) person(email string) models.User {
	w.t.Helper()
	hash, err := w.passwords.Hash(w.t.Context(), Known, good)
	if err != nil {
		w.t.Fatal(err)
	}
	user, err := w.db.Users.Create(w.t.Context(), models.User{Name: "Anna Smith", Email: email, PasswordHash: hash},
		w.clock())
	if err != nil {
		w.t.Fatal(err)
	}
	return user
}

// cost is what a stranger could see or time of one call: hashes, code rows, the size of the answer.
type cost struct {
	hashes     int64
	rows, size int
}

func (w *world) costOf(call func() any) cost {
	w.t.Helper()
	hashes, rows := w.passwords.Hashed(), w.count("SELECT count(*) FROM codes")
	text, err := json.Marshal(call())
	if err != nil {
		w.t.Fatal(err)
	}
	return cost{w.passwords.Hashed() - hashes, w.count("SELECT count(*) FROM codes") - rows, len(text)}
}

// race calls at once, n times, and counts the answers.
func race(n int, call func(i int) error) map[error]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	answers, start := map[error]int{}, make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			err := call(i)
			mu.Lock()
			defer mu.Unlock()
			answers[err]++
		})
	}
	close(start)
	all.Wait()
	return answers
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("err = %v, want %v", err, want)
	}
}

// mistakes are what is wrong with the fields of a form.
func mistakes(t *testing.T, err error) FieldErrors {
	t.Helper()
	var m FieldErrors
	if !errors.As(err, &m) {
		t.Fatalf("err = %v, want FieldErrors", err)
	}
	return m
}

func other(code string) string {
	if code == "2222-2222" {
		return "3333-3333"
	}
	return "2222-2222"
}

// as is a person who has just signed in.
func (w *world) as(user models.User) Caller {
	return Caller{Session: token.Access{UserID: user.ID, SessionID: "this session", AuthTime: w.clock()}}
}

// proveEmail proves a new address, and reads the person again.
func (w *world) proveEmail(user models.User, change EmailChange, code string) (models.User, error) {
	if err := w.ProveEmail(w.t.Context(), w.as(user), change, code); err != nil {
		return models.User{}, err
	}
	return w.db.Users.ByID(w.t.Context(), user.ID)
}

// resolved is whose an identity is, and whether the user was created or linked.
func (w *world) resolved(identity models.Identity) (user models.User, created, linked bool, err error) {
	found, err := w.ResolveIdentity(w.t.Context(), Caller{}, identity)
	return found.User, found.Created, found.Linked, err
}

func (w *world) forgot(email string) PasswordReset {
	w.t.Helper()
	recovery, _, err := w.Forgot(w.t.Context(), Caller{}, email)
	wantErr(w.t, err, nil)
	return recovery
}

func (w *world) register(name, email string) PendingSignUp {
	w.t.Helper()
	return must[PendingSignUp](w.t)(w.BeginSignUp(w.t.Context(), Caller{}, name, email, good))
}

func (w *world) propose(user models.User, email string) EmailChange {
	w.t.Helper()
	change, _, err := w.ProposeEmail(w.t.Context(), w.as(user), email)
	wantErr(w.t, err, nil)
	return change
}
