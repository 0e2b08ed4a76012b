package account

import (
	"strings"
	"testing"

	"gatehouse/app/session"
	"gatehouse/models"
)

func TestProfileKeepsNameAndPhone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		got := w.must(w.SetProfile(t.Context(), w.as(user), " Änne ", " +44 (20) 7946-0958 "))
		kept := w.must(w.db.Users.ByID(t.Context(), user.ID))
		if got.Name != "Änne" || got.Phone != "+44 (20) 7946-0958" || kept.Name != got.Name || kept.Phone != got.Phone {
			t.Fatalf("got %+v kept %+v", got, kept)
		}
		w.must(w.SetProfile(t.Context(), w.as(user), strings.Repeat("n", 100), ""))
		for _, phone := range []string{"1234", "call me", "+44 20 7946 0958 0000 0000 0000 00", "12345\n6", "١٢٣٤٥",
			"12345x"} {
			_, err := w.SetProfile(t.Context(), w.as(user), "Anna", phone)
			if got := mistakes(t, err); len(got) != 1 || got[0].Field != "phone" || got[0].Code != CodeInvalidPhone {
				t.Errorf("phone %q: %v", phone, err)
			}
		}
		for _, name := range []string{"", "  ", strings.Repeat("n", 101), "a\tb"} {
			_, err := w.SetProfile(t.Context(), w.as(user), name, "")
			if mistakes(t, err).Of("name") == nil {
				t.Errorf("name %q passes", name)
			}
		}
	})
}

func TestChangeOfPasswordTakesTheCurrentOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		for _, current := range []string{"", "wrong"} {
			wantErr(t, w.ChangePassword(t.Context(), w.as(user), current, better), ErrCredentials)
		}
		for _, weak := range []string{"short", "anna smith 99"} {
			if mistakes(t, w.ChangePassword(t.Context(), w.as(user), good, weak)).Of("password") == nil {
				t.Errorf("%q passes", weak)
			}
		}
		wantErr(t, w.ChangePassword(t.Context(), w.as(user), good, better), nil)
		w.one("anna@example.com", "Your password was changed")
		wantErr(t, w.ChangePassword(t.Context(), w.as(models.User{ID: user.ID}), better, "quarry lantern tin"), nil)
		wantErr(t, w.ChangePassword(t.Context(), w.as(user), "quarry lantern tin", better), nil)
		// The caller's copy of the user is old; the password that counts is the one in the table.
		wantErr(t, w.ChangePassword(t.Context(), w.as(user), good, "another good one 1"), ErrCredentials)
		w.must(w.authenticate(t.Context(), Known, user.Email, better))
	})
}

func TestChangeOfPasswordEndsOpenCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		recovery := w.forgot(user.Email)
		change := w.propose(user, "eve@example.com")
		letters := w.mail()
		wantErr(t, w.ChangePassword(t.Context(), w.as(user), good, better), nil)
		_, err := w.Reset(t.Context(), Caller{}, recovery, letters[0].Code, good)
		wantErr(t, err, models.ErrSpentCode)
		_, err = w.proveEmail(user, change, letters[1].Code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestTwoChangesAtOnceAreOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		user = w.must(w.db.Users.ByID(t.Context(), user.ID))
		first, second := w.text(w.passwords.Hash(t.Context(), Known, better)), w.text(w.passwords.Hash(t.Context(), Known,
			good))
		wantErr(t, w.replacePassword(t.Context(), w.as(user), user, first), nil)
		wantErr(t, w.replacePassword(t.Context(), w.as(user), user, second), ErrCredentials)
		if w.hash(user.ID) != first {
			t.Fatal("the later change overwrote the first")
		}
	})
}

func TestFirstPasswordNeedsAnAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		bare := w.must(w.db.Users.Create(t.Context(), models.User{Name: "No address"}, w.clock()))
		if mistakes(t, w.ChangePassword(t.Context(), w.as(bare), "", better)).Of("password") == nil {
			t.Fatal("a password nobody can sign in with")
		}
		with := w.must(w.db.Users.Create(t.Context(), models.User{Name: "An", Email: "an@example.com"}, w.clock()))
		wantErr(t, w.ChangePassword(t.Context(), w.as(with), "", better), nil)
		w.must(w.authenticate(t.Context(), Known, "an@example.com", better))
	})
}

func TestDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		wantErr(t, w.Link(t.Context(), w.as(user), models.Identity{Provider: "github", Subject: "1"}), nil)
		w.mail()
		wantErr(t, w.Delete(t.Context(), w.as(user), good), nil)
		w.one("anna@example.com", "Your account is deleted")
		if n := w.count("SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM identities)"); n != 0 {
			t.Fatalf("%d rows left", n)
		}
		if n := w.count("SELECT count(*) FROM events WHERE kind = 'account_deleted' AND user_id IS NULL"); n != 1 {
			t.Errorf("%d events tell of the deletion, want one, without its person", n)
		}
		wantErr(t, w.Delete(t.Context(), w.as(user), good), session.ErrEnded)
		if letters := w.mail(); len(letters) != 0 {
			t.Fatalf("letters = %+v", letters)
		}
	})
}

func (w *world) text(text string, err error) string {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}
