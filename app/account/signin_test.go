package account

import (
	"testing"

	"golang.org/x/crypto/bcrypt"

	"gatehouse/models"
)

func TestSignInTakesTheRightPassword(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		got := must[models.User](t)(w.authenticate(t.Context(), Known, " Anna@EXAMPLE.com ", good))
		if got.ID != user.ID {
			t.Fatalf("user = %+v", got)
		}
		wantErr(t, w.proveOwn(t.Context(), w.as(user), user, good), nil)
		wantErr(t, w.proveOwn(t.Context(), w.as(user), user, "wrong"), ErrCredentials)
	})
}

// A wrong password, an unknown address, no password, no address, a shut account: one answer, one hash.
func TestEveryWrongSignInIsOneAnswerAndOneHash(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		shut := w.person("shut@example.com")
		wantErr(t, w.db.Users.SetDisabled(t.Context(), shut.ID, true, w.clock()), nil)
		w.must(w.db.Users.Create(t.Context(), models.User{Name: "No", Email: "none@example.com"}, w.clock()))
		for _, email := range []string{"anna@example.com", "nobody@example.com", "none@example.com", "shut@example.com",
			"not an address", ""} {
			for _, password := range []string{"", "wrong"} {
				before := w.passwords.Hashed()
				_, err := w.authenticate(t.Context(), Known, email, password)
				wantErr(t, err, ErrCredentials)
				if w.passwords.Hashed() != before+1 {
					t.Errorf("%q %q: %d hashes", email, password, w.passwords.Hashed()-before)
				}
			}
		}
		_, err := w.authenticate(t.Context(), Known, "shut@example.com", good)
		wantErr(t, err, ErrDisabled)
	})
}

func TestSignInRehashesWhatComesFromElsewhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		old := must[[]byte](t)(bcrypt.GenerateFromPassword([]byte("old and short"), bcrypt.MinCost))
		wantErr(t, w.db.Users.SetPassword(t.Context(), user.ID, string(old), w.clock()), nil)
		_, err := w.authenticate(t.Context(), Known, user.Email, "wrong")
		wantErr(t, err, ErrCredentials)
		if w.hash(user.ID) != string(old) {
			t.Fatal("a wrong password was kept")
		}
		for range 2 {
			_, err = w.authenticate(t.Context(), Known, user.Email, "old and short")
			wantErr(t, err, nil)
			if w.hash(user.ID)[:9] != "$argon2id" {
				t.Fatalf("hash = %s", w.hash(user.ID))
			}
		}
	})
}

// Two tabs sign in at once, both rehash: both are in.
func TestRehashRacesNobodyOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		old := must[[]byte](t)(bcrypt.GenerateFromPassword([]byte("old and short"), bcrypt.MinCost))
		wantErr(t, w.db.Users.SetPassword(t.Context(), user.ID, string(old), w.clock()), nil)
		answers := race(8, func(int) error {
			_, err := w.authenticate(t.Context(), Known, user.Email, "old and short")
			return err
		})
		if answers[nil] != 8 {
			t.Fatalf("answers = %v", answers)
		}
	})
}

// A rehash that is late must not undo a change of password, nor let the old one in.
func TestRehashDoesNotUndoAChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		stale := user
		stale.PasswordHash = "$2a$stale"
		_, err := w.rehash(t.Context(), Known, stale, "old and short")
		wantErr(t, err, ErrCredentials)
		if w.hash(user.ID) != user.PasswordHash {
			t.Fatal("the newer password is gone")
		}
	})
}

func (w *world) hash(id string) string {
	w.t.Helper()
	return w.must(w.db.Users.ByID(w.t.Context(), id)).PasswordHash
}

func (w *world) must(user models.User, err error) models.User {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return user
}
