package account

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"gatehouse/models"
)

// A sign-in that runs beside an operator's verb leaves no session behind it: what began before does not enter, and
// what entered ends.
func TestSignInsRacingAnOperator(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for name, verb := range map[string]func(ctx context.Context, caller Caller, id string) error{
			"disable": w.Disable, "remove": w.Remove,
			"password": func(ctx context.Context, caller Caller, id string) error {
				return w.SetPasswordFor(ctx, caller, id, "quarry lantern moss 9")
			},
		} {
			user := w.person(name + "@example.com")
			w.wait(time.Second) // what moves now moves on from when the account was made
			race(6, func(i int) error {
				if i == 0 {
					wantErr(t, verb(t.Context(), Caller{}, user.ID), nil)
					return nil
				}
				_, _ = w.SignIn(t.Context(), Caller{}, Password{Email: user.Email, Password: good})
				return nil
			})
			if live := w.live(user); live > 0 {
				t.Errorf("%s: %d sessions live on", name, live)
			}
		}
	})
}

// Mailed codes of before open nothing after.
func TestCodesDieWithWhatAnOperatorChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for name, verb := range map[string]func(id string) error{
			"disabled": func(id string) error { return w.Disable(t.Context(), Caller{}, id) },
			"password": func(id string) error { return w.SetPasswordFor(t.Context(), Caller{}, id, "quarry lantern moss 9") },
			"address":  func(id string) error { return w.SetEmailFor(t.Context(), Caller{}, id, "new@example.com") },
		} {
			user := w.person(name + "@example.com")
			w.mail() // notices of the one before
			reset := w.forgot(user.Email)
			code := w.one(user.Email, "Your code to reset the password").Code
			wantErr(t, verb(user.ID), nil)
			_, err := w.Reset(t.Context(), Caller{}, reset, code, "moss quarry lantern 11")
			wantErr(t, err, models.ErrSpentCode)
		}
	})
}

// What cannot be is refused whole, and what is so already changes nothing.
func TestOperatorsAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx, ada, eve := t.Context(), w.person("ada@example.com"), w.person("eve@example.com")
		alone := must[models.User](t)(w.db.Users.Create(ctx, models.User{Name: "No Address"}, w.clock()))
		wantErr(t, w.SetEmailFor(ctx, Caller{}, eve.ID, "ADA@example.com"), ErrTaken)
		wantErr(t, w.SetPasswordFor(ctx, Caller{}, alone.ID, "quarry lantern moss 9"), ErrNoAddress)
		wantErr(t, w.SetRoles(ctx, Caller{}, ada.ID, models.Roles{"a,b"}), models.ErrRoles)
		mistakes(t, w.SetPasswordFor(ctx, Caller{}, ada.ID, "password1234"))
		mistakes(t, w.SetEmailFor(ctx, Caller{}, ada.ID, "ada"))
		for _, err := range []error{w.Disable(ctx, Caller{}, "none"), w.Enable(ctx, Caller{}, "none"),
			w.EndSessions(ctx, Caller{}, "none"), w.Remove(ctx, Caller{}, "none"),
			w.SetRoles(ctx, Caller{}, "none", nil), w.SetEmailFor(ctx, Caller{}, "none", "x@example.com")} {
			wantErr(t, err, models.ErrNotFound)
		}
		wantErr(t, w.Enable(ctx, Caller{}, ada.ID), nil)
		wantErr(t, w.SetEmailFor(ctx, Caller{}, ada.ID, "Ada@Example.com"), nil)
		if n := w.count("SELECT count(*) FROM events"); n != 0 || len(w.mail()) != 0 {
			t.Errorf("%d events of nothing", n)
		}
	})
}

// Text that a pattern would read as "anything" finds itself alone, and pages follow each other.
func TestPeopleAreFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var all []string
		for _, email := range []string{"a_b@example.com", "axb@example.com", "c%d@example.com"} {
			all = append([]string{w.person(email).ID}, all...)
		}
		for search, want := range map[string][]string{"A_B": all[2:], "%": all[:1], "": all, "SMITH": all,
			`\`: nil, "nobody": nil} {
			var got []string
			for after := ""; ; {
				page := must[[]models.User](t)(w.People(t.Context(), search, after, 2))
				for _, user := range page {
					got, after = append(got, user.ID), user.ID
				}
				if len(page) < 2 {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", search, got, want)
			}
		}
		for who, want := range map[string]error{all[0]: nil, "C%D@Example.com": nil, "none": models.ErrNotFound,
			"@": models.ErrNotFound} {
			if user, err := w.Find(t.Context(), who); !errors.Is(err, want) || err == nil && user.ID != all[0] {
				t.Errorf("Find(%q): %s, %v", who, user.ID, err)
			}
		}
	})
}
