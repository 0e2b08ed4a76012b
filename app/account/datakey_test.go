package account

import (
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/token"
	"gatehouse/models"
)

// keysOf are under secrets that are one letter each, 32 times.
func (w *world) keysOf(secrets ...string) *token.Keys {
	w.t.Helper()
	for i := range secrets {
		secrets[i] = strings.Repeat(secrets[i], 32)
	}
	return must[*token.Keys](w.t)(token.NewKeys(secrets, "https://accounts.example.com", w.clock))
}

func (w *world) dataKey(secrets ...string) *token.DataKey {
	w.t.Helper()
	return must[*token.DataKey](w.t)(OpenDataKey(w.t.Context(), w.db, w.keysOf(secrets...), w.clock()))
}

func TestTheDataKeyIsWrappedForTheSecretsThereAre(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		text := must[string](t)(w.data.Seal("test", "hello"))
		for _, secrets := range [][]string{{"s"}, {"n", "s"}, {"n"}, {"n"}} {
			got := ""
			wantErr(t, w.dataKey(secrets...).Open("test", text, &got), nil)
			if kept := w.count("SELECT count(*) FROM data_keys"); got != "hello" || kept != len(secrets) {
				t.Errorf("under %d secrets: %q, %d wrappings", len(secrets), got, kept)
			}
		}
	})
}

// A secret that does not fit stops the start. Another key made in silence would lose what rests under the first.
func TestADataKeyThatDoesNotOpenStopsTheStart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, err := OpenDataKey(t.Context(), w.db, w.keysOf("x"), w.clock())
		wantErr(t, err, ErrDataKey)
		if !strings.Contains(err.Error(), "APP_SECRETS") || w.count("SELECT count(*) FROM data_keys") != 1 {
			t.Fatal(err)
		}
		w.dataKey("s") // the right one goes on fitting
	})
}

// Of processes that start at once on an empty database, one makes the key and all have it.
func TestProcessesThatStartAtOnceHaveOneDataKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		if _, err := w.raw.ExecContext(t.Context(), "DELETE FROM data_keys"); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		var made []*token.DataKey
		for i := range 8 {
			all.Go(func() {
				db := w.db
				if !db.Embedded() && i%2 == 1 {
					db = w.opened()
				}
				keys := w.keysOf([][]string{{"s"}, {"n", "s"}}[i%2]...)
				data, err := OpenDataKey(t.Context(), db, keys, time.Now())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				made = append(made, data)
			})
		}
		all.Wait()
		for _, data := range made {
			got := ""
			wantErr(t, data.Open("test", must[string](t)(made[0].Seal("test", "hello")), &got), nil)
		}
	})
}

// opened is the same database as another process has it.
func (w *world) opened() *models.DB {
	w.t.Helper()
	db, err := models.Open(w.t.Context(), w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}
