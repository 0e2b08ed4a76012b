package account

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func google(subject, email string) models.Identity {
	return models.Identity{Provider: "google", Subject: subject, Email: email, Name: "Anna Smith", Vouched: true}
}

func TestFirstSignInMakesAUserTheNextFindsIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user, fresh, joined, err := w.resolved(google("1", "Anna@Example.com"))
		if err != nil || !fresh || joined || user.Email != "anna@example.com" || user.Name != "Anna Smith" ||
			user.PasswordHash != "" {
			t.Fatalf("user %+v fresh %v joined %v err %v", user, fresh, joined, err)
		}
		w.wait(time.Hour)
		changed := google("1", "other@example.com")
		changed.Name = "Someone Else"
		again, fresh, joined, err := w.resolved(changed)
		if err != nil || fresh || joined || again.ID != user.ID || again.Email != "anna@example.com" ||
			again.Name != "Anna Smith" {
			t.Fatalf("user %+v fresh %v joined %v err %v", again, fresh, joined, err)
		}
		kept := must[models.Identity](t)(w.db.Identities.Find(t.Context(), "google", "1"))
		if !kept.LastUsedAt.Equal(w.clock()) || kept.Email != "other@example.com" {
			t.Fatalf("identity = %+v", kept)
		}
		if letters := w.mail(); len(letters) != 0 {
			t.Fatalf("letters = %+v", letters)
		}
	})
}

func TestVouchedAddressJoinsItsOwnerAndSaysSo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna := w.person("anna@example.com")
		user, fresh, joined, err := w.resolved(google("1", "ANNA@example.com"))
		if err != nil || fresh || !joined || user.ID != anna.ID {
			t.Fatalf("user %+v fresh %v joined %v err %v", user, fresh, joined, err)
		}
		w.one("anna@example.com", "Google now signs you in")
		w.must(w.authenticate(t.Context(), Known, anna.Email, good))
	})
}

// Whoever can write an address into a profile at a provider would otherwise walk into the account.
func TestUnvouchedAddressIsNobodys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna := w.person("anna@example.com")
		for i, identity := range []models.Identity{
			{Provider: "github", Subject: "1", Email: "anna@example.com"},
			{Provider: "github", Subject: "2", Email: "free@example.com"},
			{Provider: "github", Subject: "3", Email: "not an address", Vouched: true},
			{Provider: "github", Subject: "4", Email: "", Vouched: true},
			{Provider: "github", Subject: "5", Email: "anna\u212a@example.com", Vouched: true},
		} {
			user, fresh, joined, err := w.resolved(identity)
			if err != nil || !fresh || joined || user.Email != "" || user.ID == anna.ID {
				t.Errorf("%d: user %+v fresh %v joined %v err %v", i, user, fresh, joined, err)
			}
		}
		if letters := w.mail(); len(letters) != 0 {
			t.Fatalf("letters = %+v", letters)
		}
	})
}

func TestAShutAccountStaysShutForProviders(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna, bert := w.person("anna@example.com"), w.person("bert@example.com")
		wantErr(t, w.Link(t.Context(), w.as(anna), google("1", "")), nil)
		wantErr(t, w.db.Users.SetDisabled(t.Context(), anna.ID, true, w.clock()), nil)
		wantErr(t, w.db.Users.SetDisabled(t.Context(), bert.ID, true, w.clock()), nil)
		_, _, _, err := w.resolved(google("1", "free@example.com"))
		wantErr(t, err, ErrDisabled)
		_, _, _, err = w.resolved(google("2", "bert@example.com"))
		wantErr(t, err, ErrDisabled)
		if n := w.count("SELECT count(*) FROM identities"); n != 1 {
			t.Fatalf("%d identities", n)
		}
	})
}

func TestAnIdentityWithoutASubjectIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, _, _, err := w.resolved(models.Identity{Provider: "google", Email: "anna@example.com", Vouched: true})
		wantErr(t, err, ErrNoSubject)
		wantErr(t, w.Link(t.Context(), w.as(w.person("anna@example.com")), models.Identity{Subject: "1"}), ErrNoSubject)
	})
}

func TestTwentyFirstSignInsAtOnceAreOneUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for round := 1; round <= 10; round++ {
			subject := strconv.Itoa(round)
			answers := race(20, func(int) error {
				_, _, _, err := w.resolved(google(subject, "anna"+subject+"@example.com"))
				return err
			})
			if answers[nil] != 20 || w.count("SELECT count(*) FROM users") != round ||
				w.count("SELECT count(*) FROM identities") != round {
				t.Fatalf("round %d: answers %v, %d users", round, answers, w.count("SELECT count(*) FROM users"))
			}
		}
	})
}

// One person, twenty providers at once, one address: one user with all of them.
func TestTwentyIdentitiesOfOneAddressAreOneUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		answers := race(20, func(i int) error {
			_, _, _, err := w.resolved(google(strconv.Itoa(i), "anna@example.com"))
			return err
		})
		if answers[nil] != 20 || w.count("SELECT count(*) FROM users") != 1 ||
			w.count("SELECT count(*) FROM identities") != 20 {
			t.Fatalf("answers %v, %d users", answers, w.count("SELECT count(*) FROM users"))
		}
	})
}

func TestTwentyWithoutAddressAtOnceAreOneUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		bare := models.Identity{Provider: "twitter", Subject: "77"}
		answers := race(20, func(int) error { _, _, _, err := w.resolved(bare); return err })
		if answers[nil] != 20 || w.count("SELECT count(*) FROM users") != 1 {
			t.Fatalf("answers %v, %d users", answers, w.count("SELECT count(*) FROM users"))
		}
	})
}

func TestEveryNewUserHasAName(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for subject, given := range map[string][3]string{
			"1":      {"Anna Smith", "x@example.com", "Anna Smith"},
			"2":      {"", "anna.smith@example.com", "anna.smith"},
			"3":      {"", "", "X 3"},
			"\u202e": {"", "", "X"},
			"456789": {"", "", "X 6789"},
			"5":      {"", strings.Repeat("é", 110) + "@example.com", strings.Repeat("é", 100)},
		} {
			user, _, _, err := w.resolved(models.Identity{Provider: "twitter", Subject: subject, Name: given[0],
				Email: given[1]})
			if err != nil || user.Name != given[2] {
				t.Errorf("%s: name %q, %v, want %q", subject, user.Name, err, given[2])
			}
		}
	})
}

func TestLinkAddsAWayIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna, bert := w.person("anna@example.com"), w.person("bert@example.com")
		identity := google("1", "elsewhere@example.com")
		wantErr(t, w.Link(t.Context(), w.as(anna), identity), nil)
		w.one("anna@example.com", "Google now signs you in")
		wantErr(t, w.Link(t.Context(), w.as(anna), identity), nil) // pressed twice
		if letters := w.mail(); len(letters) != 0 {
			t.Fatalf("letters = %+v", letters)
		}
		wantErr(t, w.Link(t.Context(), w.as(bert), identity), ErrIdentityTaken)
		user, _, _, err := w.resolved(identity)
		if err != nil || user.ID != anna.ID || user.Email != "anna@example.com" {
			t.Fatalf("user %+v, %v", user, err)
		}
	})
}

func TestUnlinkKeepsTheLastWayIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user, _, _, err := w.resolved(google("1", "anna@example.com"))
		wantErr(t, err, nil)
		wantErr(t, w.Unlink(t.Context(), w.as(user), "google", "1", []string{"google", "github"}), models.ErrLastWayIn)
		wantErr(t, w.Link(t.Context(), w.as(user), models.Identity{Provider: "github", Subject: "9"}), nil)
		wantErr(t, w.Unlink(t.Context(), w.as(w.person("bert@example.com")), "google", "1", []string{"google", "github"}),
			models.ErrNotFound)
		w.mail()
		wantErr(t, w.Unlink(t.Context(), w.as(user), "google", "1", []string{"google", "github"}), nil)
		w.one("anna@example.com", "Google no longer signs you in")
		wantErr(t, w.Unlink(t.Context(), w.as(user), "google", "1", []string{"google", "github"}), models.ErrNotFound)
		wantErr(t, w.Unlink(t.Context(), w.as(user), "github", "9", []string{"google", "github"}), models.ErrLastWayIn)
	})
}

func TestAPasswordIsAnotherWayIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna := w.person("anna@example.com")
		wantErr(t, w.Link(t.Context(), w.as(anna), google("1", "")), nil)
		wantErr(t, w.Unlink(t.Context(), w.as(anna), "google", "1", []string{"google", "github"}), nil)
	})
}

// What a provider vouches for is the address it named, whole: cut, it would be another person's (account takeover).
// That one that had to be cleaned is not vouched for is oauth's test.
func TestAVouchedAddressIsTakenWhole(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		long := "v" + strings.Repeat("x", 59) + "@" + strings.Repeat("d", 35) + ".com" // 100 letters
		for i, at := range []struct{ victim, named string }{
			{long, long + ".attacker.example"}, {"victim@example.com", "vic\u200etim@example.com"},
		} {
			victim := w.person(at.victim)
			identity := models.Identity{Provider: "oidc", Subject: strconv.Itoa(i), Email: at.named, Vouched: true,
				Name: "Mallory"}
			if user, _, joined, err := w.resolved(identity); err != nil || joined || user.ID == victim.ID {
				t.Errorf("%q came in as %q: %v", at.named, at.victim, err)
			}
		}
		own := strings.Repeat("y", 60) + "@" + strings.Repeat("e", 50) + ".example"
		if user, _, _, err := w.resolved(google("own", own)); err != nil || user.Email != own {
			t.Errorf("a long address of one's own became %q: %v", user.Email, err)
		}
	})
}
