package account

import (
	"testing"
	"time"

	"gatehouse/models"
)

const better = "sparrow anvil moss"

func TestResetSetsANewPassword(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		recovery := w.forgot("ANNA@example.com")
		code := w.one("anna@example.com", "Your code to reset the password").Code
		got := w.must(w.Reset(t.Context(), Caller{}, throughJSON(t, recovery), code, better))
		if got.ID != user.ID || got.PasswordHash != w.hash(user.ID) {
			t.Fatalf("user = %+v", got)
		}
		w.one("anna@example.com", "Your password was reset")
		_, err := w.authenticate(t.Context(), Known, user.Email, good)
		wantErr(t, err, ErrCredentials)
		_, err = w.authenticate(t.Context(), Known, user.Email, better)
		wantErr(t, err, nil)
		_, err = w.Reset(t.Context(), Caller{}, recovery, code, "another good one 1")
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestForgotAnswersTheSameForAnUnknownAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		shut := w.person("shut@example.com")
		wantErr(t, w.db.Users.SetDisabled(t.Context(), shut.ID, true, w.clock()), nil)
		var costs []cost
		var asked []PasswordReset
		for _, email := range []string{"anna@example.com", "bert@example.com", "shut@example.com"} {
			costs = append(costs, w.costOf(func() any {
				asked = append(asked, w.forgot(email))
				return asked[len(asked)-1]
			}))
		}
		if costs[0] != costs[1] || costs[0] != costs[2] || costs[0].rows != 1 {
			t.Fatalf("costs = %+v", costs)
		}
		letters := w.mail()
		if len(letters) != 2 || len(letters[0].Code) != 9 || letters[1].Subject != "Your account is closed" ||
			letters[1].Code != "" {
			t.Fatalf("letters = %+v", letters)
		}
		for i, recovery := range asked {
			for range 5 {
				before := w.passwords.Hashed()
				_, err := w.Reset(t.Context(), Caller{}, recovery, other(letters[0].Code), better)
				wantErr(t, err, models.ErrWrongCode)
				if w.passwords.Hashed() != before { // nothing is hashed for whoever has no code
					t.Errorf("recovery %d: %d hashes", i, w.passwords.Hashed()-before)
				}
			}
			_, err := w.Reset(t.Context(), Caller{}, recovery, letters[0].Code, better)
			wantErr(t, err, models.ErrSpentCode)
		}
	})
}

func TestForgotOfNoAddressIsAMistake(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, _, err := w.Forgot(t.Context(), Caller{}, "anna")
		if got := mistakes(t, err).Of("email"); got == nil || got.Code != CodeInvalidEmail {
			t.Fatalf("err = %v", err)
		}
	})
}

func TestResetGivesAPasswordToWhomHasNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.must(w.db.Users.Create(t.Context(), models.User{Name: "Anna", Email: "anna@example.com"}, w.clock()))
		recovery := w.forgot("anna@example.com")
		w.must(w.Reset(t.Context(), Caller{}, recovery, w.mail()[0].Code, good))
		w.must(w.authenticate(t.Context(), Known, "anna@example.com", good))
	})
}

func TestAWeakPasswordCostsNoCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna.larkspur@example.com") // Anna Smith
		recovery := w.forgot("anna.larkspur@example.com")
		code := w.mail()[0].Code
		// said before the code is looked at
		_, err := w.Reset(t.Context(), Caller{}, recovery, other(code), "larkspur-anna-1")
		if mistakes(t, err).Of("password") == nil {
			t.Fatal("own address passes")
		}
		for range 7 {
			for _, weak := range []string{"short", "larkspur-anna-1", "anna smith 99"} {
				_, err := w.Reset(t.Context(), Caller{}, recovery, code, weak)
				if mistakes(t, err).Of("password") == nil {
					t.Fatalf("%q passes", weak)
				}
			}
		}
		w.must(w.Reset(t.Context(), Caller{}, recovery, code, better))
		_, err = w.Reset(t.Context(), Caller{}, recovery, code, "another good one 1")
		wantErr(t, err, models.ErrSpentCode)
	})
}

// To refuse a stranger's guess at the name would tell them that it is the name.
func TestResetTellsNoNameToWhoHasNoCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("a@example.com") // Anna Smith
		recovery := w.forgot("a@example.com")
		_, err := w.Reset(t.Context(), Caller{}, recovery, other(w.mail()[0].Code), "anna smith 99")
		wantErr(t, err, models.ErrWrongCode)
	})
}

// A code given back is the same code: it does not live longer for it.
func TestACodeGivenBackKeepsItsEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("a@example.com")
		recovery := w.forgot("a@example.com")
		code := w.mail()[0].Code
		w.wait(9 * time.Minute)
		_, err := w.Reset(t.Context(), Caller{}, recovery, code, "anna smith 99")
		mistakes(t, err)
		w.wait(time.Minute)
		_, err = w.Reset(t.Context(), Caller{}, recovery, code, better)
		wantErr(t, err, models.ErrSpentCode)
	})
}

// Of several mails people take any: each opens their reset, and one use ends them all.
func TestAnyCodeInTheMailboxResets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		first := w.forgot("anna@example.com")
		second := w.forgot(first.Email)
		letters := w.mail()
		w.must(w.Reset(t.Context(), Caller{}, second, letters[0].Code, better))
		_, err := w.Reset(t.Context(), Caller{}, first, letters[1].Code, "another good one 1")
		wantErr(t, err, models.ErrSpentCode)
	})
}

// A stranger who asks again and again must not kill the code the owner is typing.
func TestAnotherForgotLeavesTheFirstCodeAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		mine := w.forgot("anna@example.com")
		w.forgot("anna@example.com")
		w.must(w.Reset(t.Context(), Caller{}, mine, w.mail()[0].Code, better))
	})
}

// Two resets that finish at once, each with a code of its own that ends the other's: one is done, and neither
// waits for the other for ever (deadlock).
func TestTwoCodesAtOnceAreOneReset(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		for range 100 { // without the lock, one in some dozens ends in a deadlock on Postgres
			var ids []string
			for range 2 {
				flow := w.forgot(user.Email)
				ids = append(ids, must[string](t)(w.prove(t.Context(), resetPurpose(user.Email), flow.Flow, w.mail()[0].Code)))
			}
			answers := race(2, func(i int) error {
				_, err := w.finishReset(t.Context(), Caller{}, ids[i], user, user.PasswordHash)
				return err
			})
			if answers[nil] != 1 || answers[models.ErrUsedCode] != 1 {
				t.Fatalf("answers %v", answers)
			}
			w.one(user.Email, "Your password was reset")
		}
	})
}

func TestManyResetsAtOnceAreOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		recovery := w.forgot("anna@example.com")
		code := w.mail()[0].Code
		answers := race(12, func(int) error { _, err := w.Reset(t.Context(), Caller{}, recovery, code, better); return err })
		if answers[nil] != 1 || answers[ErrResetBefore]+answers[models.ErrSpentCode]+answers[models.ErrUsedCode] != 11 {
			t.Fatalf("answers = %v", answers)
		}
		w.one("anna@example.com", "Your password was reset")
	})
}

func TestResetEndsEveryOtherCodeOfThePerson(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		mine := w.forgot(user.Email)
		thiefs := w.forgot(user.Email)
		change := w.propose(user, "eve@example.com")
		letters := w.mail()
		w.must(w.Reset(t.Context(), Caller{}, mine, letters[0].Code, better))
		_, err := w.Reset(t.Context(), Caller{}, thiefs, letters[1].Code, good)
		wantErr(t, err, models.ErrSpentCode)
		_, err = w.proveEmail(user, change, letters[2].Code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestResetCodesDieWithTheAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		recovery := w.forgot(user.Email)
		code := w.mail()[0].Code
		for _, address := range []string{"new@example.com", "anna@example.com"} { // there and back again
			user = w.must(w.proveEmail(user, w.propose(user, address), w.mail()[0].Code))
			w.mail()
		}
		_, err := w.Reset(t.Context(), Caller{}, recovery, code, better)
		wantErr(t, err, models.ErrSpentCode)
	})
}

// The address moves between the two looks at it.
func TestResetNeedsTheAddressThatGotTheCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		recovery := w.forgot(user.Email)
		wantErr(t, w.db.Users.SetEmail(t.Context(), user.ID, "new@example.com", w.clock()), nil)
		_, err := w.Reset(t.Context(), Caller{}, recovery, w.mail()[0].Code, better)
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestResetOfAShutOrDeletedUserIsSpent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		shut, gone := w.person("shut@example.com"), w.person("gone@example.com")
		first := w.forgot(shut.Email)
		second := w.forgot(gone.Email)
		letters := w.mail()
		wantErr(t, w.db.Users.SetDisabled(t.Context(), shut.ID, true, w.clock()), nil)
		wantErr(t, w.Delete(t.Context(), w.as(gone), good), nil)
		_, err := w.Reset(t.Context(), Caller{}, first, letters[0].Code, better)
		wantErr(t, err, models.ErrSpentCode)
		_, err = w.Reset(t.Context(), Caller{}, second, letters[1].Code, better)
		wantErr(t, err, models.ErrSpentCode)
	})
}
