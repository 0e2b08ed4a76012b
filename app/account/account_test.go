package account

import (
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/limit"
	"gatehouse/app/tests/testkit/servers"
	"gatehouse/app/token"
	"gatehouse/models"
)

const good = "lantern moss quarry 7"

// world is the real thing on a database of its own, with a clock to move and a box for letters.
type world struct {
	*Accounts
	t   *testing.T
	raw *sql.DB

	mu      sync.Mutex
	at      time.Time
	letters []Letter
	full    bool // the mail queue takes no more codes
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
	w := &world{t: t, raw: raw, at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	keys, err := token.NewKeys([]string{strings.Repeat("s", 32)}, "https://accounts.example.com", w.clock)
	if err != nil {
		t.Fatal(err)
	}
	limits := limit.New(nil, false, w.clock, slog.New(slog.DiscardHandler))
	w.Accounts = New(db, keys, NewPasswords(0, 200, 12), limits, Mailer{w.collect, func(bool) bool { return !w.full }}, w.clock, Rules{KeepTokens: []string{"google"}, OIDCName: "Acme"})
	return w
}

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

func (w *world) collect(letter Letter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.letters = append(w.letters, letter)
}

// mail takes the letters posted since the last look.
func (w *world) mail() []Letter {
	w.mu.Lock()
	defer w.mu.Unlock()
	letters := w.letters
	w.letters = nil
	return letters
}

// one takes the only letter posted since the last look.
func (w *world) one(to, subject string) Letter {
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
	user, err := w.db.Users.Create(w.t.Context(), models.User{Name: "Anna Smith", Email: email, PasswordHash: hash}, w.clock())
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

// mistakes are the sentences in err.
func mistakes(t *testing.T, err error) Mistakes {
	t.Helper()
	var m Mistakes
	if !errors.As(err, &m) {
		t.Fatalf("err = %v, want Mistakes", err)
	}
	return m
}

func other(code string) string {
	if code == "2222-2222" {
		return "3333-3333"
	}
	return "2222-2222"
}

// able is a session store that answers.
func able(string) error { return nil }

func (w *world) forgot(email string) Recovery {
	w.t.Helper()
	recovery, _, err := w.Forgot(w.t.Context(), email, Asker{MayMail: true})
	wantErr(w.t, err, nil)
	return recovery
}

func (w *world) register(name, email string) Pending {
	w.t.Helper()
	return must[Pending](w.t)(w.Register(w.t.Context(), name, email, good, Asker{MayMail: true}))
}

func (w *world) propose(user models.User, email string) EmailChange {
	w.t.Helper()
	change, _, err := w.ProposeEmail(w.t.Context(), user, email)
	wantErr(w.t, err, nil)
	return change
}
