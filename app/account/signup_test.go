package account

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatehouse/app/token"
	"gatehouse/models"
)

func TestSignUpMakesAUserOnlyAfterTheCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := w.register(" Anna ", "Anna@Example.com")
		if n := w.count("SELECT count(*) FROM users"); n != 0 {
			t.Fatalf("%d users before the code", n)
		}
		letter := w.one("anna@example.com", "Your code to create an account")
		user := must[models.User](t)(w.verify(t.Context(), throughJSON(t, pending),
			" "+strings.ToLower(letter.Code[:4])+" – "+letter.Code[5:]))
		if user.Name != "Anna" || user.Email != "anna@example.com" {
			t.Fatalf("user = %+v", user)
		}
		if _, err := w.authenticate(t.Context(), Known, "ANNA@example.com", good); err != nil {
			t.Fatal(err)
		}
		_, err := w.verify(t.Context(), pending, letter.Code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestSignUpNamesEveryMistake(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, err := w.BeginSignUp(t.Context(), Caller{}, " ", "anna", "short")
		want := FieldErrors{{Code: CodeNameRequired, Field: "name"}, {Code: CodeInvalidEmail, Field: "email"},
			{Code: CodePasswordTooShort, Field: "password", Args: map[string]any{"min": 12}}}
		if got := mistakes(t, err); !reflect.DeepEqual(got, want) {
			t.Fatalf("mistakes = %+v", got)
		}
		for _, name := range []string{strings.Repeat("é", 101), "An\nna", "An\x00na", "An\u202ena", "An\xffna"} {
			_, err := w.BeginSignUp(t.Context(), Caller{}, name, "anna@example.com", good)
			if mistakes(t, err).Of("name") == nil {
				t.Errorf("name %q passes", name)
			}
		}
		_, err = w.BeginSignUp(t.Context(), Caller{}, strings.Repeat("é", 100), "anna@example.com", good)
		wantErr(t, err, nil)
		_, err = w.BeginSignUp(t.Context(), Caller{}, "Zebedee Quux", "anna@example.com", "zebedee-quux-1")
		if mistakes(t, err).Of("password") == nil {
			t.Error("own name passes as password")
		}
		_, err = w.BeginSignUp(t.Context(), Caller{}, "Anna", "zebedee.quux@example.com", "zebedee-quux-1")
		if mistakes(t, err).Of("password") == nil {
			t.Error("own address passes as password")
		}
	})
}

func TestSignUpAnswersTheSameForAKnownAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		var known, unknown PendingSignUp
		costs := [2]cost{
			w.costOf(func() any {
				known = w.register("Ann", "anna@example.com")
				return known
			}),
			w.costOf(func() any {
				unknown = w.register("Ann", "bert@example.com")
				return unknown
			}),
		}
		if costs[0] != costs[1] || costs[0].hashes != 1 || costs[0].rows != 1 {
			t.Fatalf("costs = %+v", costs)
		}
		letters := w.mail()
		if len(letters) != 2 || letters[0].Subject != "You already have an account" ||
			letters[0].To != "anna@example.com" || letters[0].Code != "" || len(letters[1].Code) != 9 {
			t.Fatalf("letters = %+v", letters)
		}
		wrong := other(letters[1].Code)
		for range 5 {
			_, err := w.verify(t.Context(), known, wrong)
			wantErr(t, err, models.ErrWrongCode)
			_, err = w.verify(t.Context(), unknown, wrong)
			wantErr(t, err, models.ErrWrongCode)
		}
		_, err := w.verify(t.Context(), known, wrong)
		wantErr(t, err, models.ErrSpentCode)
		_, err = w.verify(t.Context(), unknown, letters[1].Code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

// What is made for an address that must not get a code opens nothing, not even with the code itself: it is
// a row like any other, and its hash is of a code that nobody has seen.
func TestACodeThatIsNotLiveOpensNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, live := range []bool{true, false} {
			seen := ""
			flow, mailed, err := w.begin(t.Context(), mailing{"sign up", "anna@example.com", live, func(code string) letter {
				seen = code
				return letter{}
			}, ""}, asker{mayMail: true})
			if err != nil || !mailed {
				t.Fatal(mailed, err)
			}
			if err := w.redeem(t.Context(), "sign up", flow, seen); (err == nil) != live {
				t.Errorf("live %v: %v", live, err)
			}
		}
	})
}

// The hashes in the table are keyed: whoever reads it, and could try a billion codes a second, finds none.
func TestTheTableAloneOpensNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.register("Anna", "anna@example.com")
		code, kept := w.mail()[0].Code, ""
		if err := w.raw.QueryRow("SELECT hash FROM codes").Scan(&kept); err != nil {
			t.Fatal(err)
		}
		elsewhere := must[*token.Keys](t)(token.NewKeys([]string{strings.Repeat("e", 32)}, "https://accounts.example.com",
			w.clock))
		for keys, opens := range map[*token.Keys]bool{w.keys: true, elsewhere: false} {
			if hash := keys.Digest("code", signUpPurpose("anna@example.com"), typedCode(code)); (hash == kept) != opens {
				t.Errorf("a key of another house: %v", !opens)
			}
		}
	})
}

// A new code is for the browser that asked for it; another flow that waits for the old one is left alone.
func TestResendLeadsToTheNewCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.register("Anna", "anna@example.com")
		old := w.mail()[0].Code
		w.wait(time.Minute)
		second, mailed, err := w.sendSignUp(t.Context(), first, asker{mayMail: true})
		if err != nil || !mailed || second.ID == first.ID || second.PasswordHash != first.PasswordHash {
			t.Fatalf("first %+v second %+v: %v", first, second, err)
		}
		_, err = w.verify(t.Context(), second, old)
		wantErr(t, err, models.ErrWrongCode)
		_, err = w.verify(t.Context(), second, w.one("anna@example.com", "Your code to create an account").Code)
		wantErr(t, err, nil)
		_, err = w.verify(t.Context(), first, old)
		wantErr(t, err, ErrTaken)
	})
}

func TestCodeLivesTenMinutes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := w.register("Anna", "anna@example.com")
		code := w.mail()[0].Code
		w.wait(10 * time.Minute)
		_, err := w.verify(t.Context(), pending, code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestTextThatIsNoCodeCostsNoTry(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := w.register("Anna", "anna@example.com")
		for _, typed := range []string{"", "ABCDEFG", "ABCDEFGH2", "ABCD-EFGH 2", "-", strings.Repeat("2", 1000), "\x00",
			strings.Repeat("ﷺ", 900)} {
			_, err := w.verify(t.Context(), pending, typed)
			wantErr(t, err, models.ErrWrongCode)
		}
		code := w.mail()[0].Code
		wide := strings.Map(func(r rune) rune { return r - '!' + '！' }, code) // full width, the dash too
		_, err := w.verify(t.Context(), pending, wide)
		wantErr(t, err, nil)
	})
}

func TestAHundredGuessesAtOnceAreFive(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := w.register("Anna", "anna@example.com")
		wrong := other(w.mail()[0].Code)
		answers := race(100, func(int) error { _, err := w.verify(t.Context(), pending, wrong); return err })
		if answers[models.ErrWrongCode] != 5 || answers[models.ErrSpentCode] != 95 {
			t.Fatalf("answers = %v", answers)
		}
	})
}

func TestARightCodeAHundredTimesIsOneUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := w.register("Anna", "anna@example.com")
		code := w.mail()[0].Code
		answers := race(100, func(int) error { _, err := w.verify(t.Context(), pending, code); return err })
		if answers[nil] != 1 || answers[models.ErrSpentCode]+answers[models.ErrUsedCode] != 99 {
			t.Fatalf("answers = %v", answers)
		}
	})
}

func TestTheQuickerOneGetsTheAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.register("Anna", "anna@example.com")
		second := w.register("Eve", "ANNA@example.com")
		letters := w.mail()
		_, err := w.verify(t.Context(), second, letters[1].Code)
		wantErr(t, err, nil)
		_, err = w.verify(t.Context(), first, letters[0].Code)
		wantErr(t, err, ErrTaken)
	})
}

func TestBusyIsSaidNotHidden(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		recovery := w.forgot("anna@example.com")
		w.passwords.queue.parallel, w.passwords.queue.waiting = 0, 0
		_, err := w.BeginSignUp(t.Context(), Caller{}, "Anna", "b@example.com", good)
		wantErr(t, err, ErrBusy)
		_, err = w.authenticate(t.Context(), Known, "anna@example.com", good)
		wantErr(t, err, ErrBusy)
		wantErr(t, w.proveOwn(t.Context(), w.as(user), user, good), ErrBusy)
		wantErr(t, w.ChangePassword(t.Context(), w.as(user), good, "sparrow anvil moss"), ErrBusy)
		code := w.mail()[0].Code
		_, err = w.Reset(t.Context(), Caller{}, recovery, code, "sparrow anvil moss")
		wantErr(t, err, ErrBusy)
		w.passwords.queue.parallel = 1
		_, err = w.Reset(t.Context(), Caller{}, recovery, code, "sparrow anvil moss") // the code was not spent
		wantErr(t, err, nil)
	})
}

func throughJSON[T any](t *testing.T, value T) T {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}
