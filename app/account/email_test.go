package account

import (
	"testing"

	"gatehouse/models"
)

func TestAddressChangesOnceItIsProven(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		change := w.propose(user, "New@Example.com")
		letter := w.one("new@example.com", "Your code to prove this address")
		if kept := w.must(w.db.Users.ByID(t.Context(), user.ID)); kept.Email != "anna@example.com" {
			t.Fatalf("address changed unproven: %s", kept.Email)
		}
		_, err := w.proveEmail(user, change, other(letter.Code))
		wantErr(t, err, models.ErrWrongCode)
		got := w.must(w.proveEmail(user, throughJSON(t, change), letter.Code))
		if kept := w.must(w.db.Users.ByID(t.Context(), user.ID)); kept.Email != "new@example.com" || got.Email != kept.Email {
			t.Fatalf("kept %s got %s", kept.Email, got.Email)
		}
		w.one("anna@example.com", "Your address was changed")
		_, err = w.proveEmail(user, change, letter.Code) // pressed twice
		wantErr(t, err, nil)
	})
}

func TestAPersonWithoutAnAddressProvesOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.must(w.db.Users.Create(t.Context(), models.User{Name: "Anna"}, w.clock()))
		change := w.propose(user, "anna@example.com")
		user = w.must(w.proveEmail(user, change, w.mail()[0].Code))
		if letters := w.mail(); user.Email != "anna@example.com" || len(letters) != 0 {
			t.Fatalf("user %+v letters %+v", user, letters)
		}
	})
}

func TestChangeOfAddressBelongsToWhoBeganIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna, bert := w.person("anna@example.com"), w.person("bert@example.com")
		change := w.propose(anna, "new@example.com")
		code := w.mail()[0].Code
		_, err := w.proveEmail(bert, change, code)
		wantErr(t, err, models.ErrSpentCode)
		change.UserID = bert.ID // even if the cookie said so
		_, err = w.proveEmail(bert, change, code)
		wantErr(t, err, models.ErrSpentCode)
		change.UserID = anna.ID
		w.must(w.proveEmail(anna, change, code))
	})
}

func TestAddressInUseGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna := w.person("anna@example.com")
		w.person("bert@example.com")
		var changes [2]EmailChange
		used := w.costOf(func() any {
			changes[0] = w.propose(anna, "bert@example.com")
			return changes[0]
		})
		w.must(anna, w.db.Codes.Drop(t.Context(), changePurpose(anna.ID)))
		free := w.costOf(func() any {
			changes[1] = w.propose(anna, "cleo@example.com")
			return changes[1]
		})
		if used != free || used.rows != 1 {
			t.Fatalf("used %+v free %+v", used, free)
		}
		letters := w.mail()
		if len(letters) != 2 || letters[0].To != "bert@example.com" || letters[0].Code != "" ||
			letters[0].Subject != "This address already has an account" {
			t.Fatalf("letters = %+v", letters)
		}
	})
}

func TestTheQuickerOneKeepsTheProvenAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna, bert := w.person("anna@example.com"), w.person("bert@example.com")
		first := w.propose(anna, "new@example.com")
		second := w.propose(bert, "new@example.com")
		letters := w.mail()
		w.must(w.proveEmail(bert, second, letters[1].Code))
		_, err := w.proveEmail(anna, first, letters[0].Code)
		wantErr(t, err, ErrTaken)
	})
}

func TestANewProposalReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna := w.person("anna@example.com")
		first := w.propose(anna, "one@example.com")
		w.propose(anna, "two@example.com")
		_, err := w.proveEmail(anna, first, w.mail()[0].Code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestProposalThatIsNoneIsAMistake(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		anna := w.person("anna@example.com")
		for _, email := range []string{"", "anna", "ANNA@example.com"} {
			_, _, err := w.ProposeEmail(t.Context(), w.as(anna), email)
			if mistakes(t, err).Of("email") == nil {
				t.Errorf("%q passes", email)
			}
		}
		if letters := w.mail(); len(letters) != 0 {
			t.Fatalf("letters = %+v", letters)
		}
	})
}
