package account

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

func TestSignUpMakesAUserOnlyAfterTheCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := must[Pending](t)(w.Register(t.Context(), " Anna ", "Anna@Example.com", good))
		if n := w.count("SELECT count(*) FROM users"); n != 0 {
			t.Fatalf("%d users before the code", n)
		}
		letter := w.one("anna@example.com", "Your code to create an account")
		user := must[models.User](t)(w.Verify(t.Context(), throughJSON(t, pending), " "+letter.Code[:3]+" – "+letter.Code[3:]))
		if user.Name != "Anna" || user.Email != "anna@example.com" {
			t.Fatalf("user = %+v", user)
		}
		if _, err := w.Authenticate(t.Context(), "ANNA@example.com", good); err != nil {
			t.Fatal(err)
		}
		_, err := w.Verify(t.Context(), pending, letter.Code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestSignUpNamesEveryMistake(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, err := w.Register(t.Context(), " ", "anna", "short")
		want := Mistakes{Name: "Enter your name.", Email: sayAddress, Password: "Use at least 12 characters."}
		if got := mistakes(t, err); got != want {
			t.Fatalf("mistakes = %+v", got)
		}
		for _, name := range []string{strings.Repeat("é", 101), "An\nna", "An\x00na", "An\u202ena", "An\xffna"} {
			_, err := w.Register(t.Context(), name, "anna@example.com", good)
			if mistakes(t, err).Name == "" {
				t.Errorf("name %q passes", name)
			}
		}
		_, err = w.Register(t.Context(), strings.Repeat("é", 100), "anna@example.com", good)
		wantErr(t, err, nil)
		_, err = w.Register(t.Context(), "Zebedee Quux", "anna@example.com", "zebedee-quux-1")
		if mistakes(t, err).Password == "" {
			t.Error("own name passes as password")
		}
		_, err = w.Register(t.Context(), "Anna", "zebedee.quux@example.com", "zebedee-quux-1")
		if mistakes(t, err).Password == "" {
			t.Error("own address passes as password")
		}
	})
}

func TestSignUpAnswersTheSameForAKnownAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		var known, unknown Pending
		costs := [2]cost{
			w.costOf(func() any {
				known = must[Pending](t)(w.Register(t.Context(), "Ann", "anna@example.com", good))
				return known
			}),
			w.costOf(func() any {
				unknown = must[Pending](t)(w.Register(t.Context(), "Ann", "bert@example.com", good))
				return unknown
			}),
		}
		if costs[0] != costs[1] || costs[0].hashes != 1 || costs[0].rows != 1 {
			t.Fatalf("costs = %+v", costs)
		}
		letters := w.mail()
		if len(letters) != 2 || letters[0].Subject != "You already have an account" || letters[0].To != "anna@example.com" || letters[0].Code != "" || len(letters[1].Code) != 6 {
			t.Fatalf("letters = %+v", letters)
		}
		wrong := other(letters[1].Code)
		for range 5 {
			_, err := w.Verify(t.Context(), known, wrong)
			wantErr(t, err, models.ErrWrongCode)
			_, err = w.Verify(t.Context(), unknown, wrong)
			wantErr(t, err, models.ErrWrongCode)
		}
		_, err := w.Verify(t.Context(), known, wrong)
		wantErr(t, err, models.ErrSpentCode)
		_, err = w.Verify(t.Context(), unknown, letters[1].Code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

// Nobody guesses a way into a known address, because there is nothing to guess.
func TestNoCodeOpensAKnownAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		pending := must[Pending](t)(w.Register(t.Context(), "Ann", "anna@example.com", good))
		if opens(t, w, pending.CodeKey, signUpPurpose) {
			t.Fatal("a code opens the sign-up of a known address")
		}
	})
}

// opens tries all codes against the only row.
func opens(t *testing.T, w *world, key, purpose string) bool {
	t.Helper()
	var kept string
	if err := w.raw.QueryRow("SELECT hash FROM codes").Scan(&kept); err != nil {
		t.Fatal(err)
	}
	want, err := base64.RawURLEncoding.DecodeString(kept)
	if err != nil {
		t.Fatal(err)
	}
	hash, sum := hmac.New(sha256.New, []byte(key)), []byte{}
	text := []byte(purpose + "\x00000000")
	for i := range 1_000_000 {
		for place, rest := 1, i; place <= 6; place, rest = place+1, rest/10 {
			text[len(text)-place] = byte('0' + rest%10)
		}
		hash.Reset()
		hash.Write(text)
		if sum = hash.Sum(sum[:0]); bytes.Equal(sum, want) {
			return true
		}
	}
	return false
}

func TestTheTableAloneOpensNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := must[Pending](t)(w.Register(t.Context(), "Anna", "anna@example.com", good))
		if !opens(t, w, pending.CodeKey, signUpPurpose) {
			t.Fatal("the cookie's key does not open its own row")
		}
		letter := w.mail()[0]
		for name, broken := range map[string]Pending{
			"another key":  {CodeID: pending.CodeID, CodeKey: secret(), Email: pending.Email, Name: "x"},
			"another code": {CodeID: "none", CodeKey: pending.CodeKey, Email: pending.Email, Name: "x"},
		} {
			if _, err := w.Verify(t.Context(), broken, letter.Code); err == nil {
				t.Errorf("%s opens", name)
			}
		}
	})
}

func TestResendReplacesTheCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := must[Pending](t)(w.Register(t.Context(), "Anna", "anna@example.com", good))
		old := w.mail()[0].Code
		w.wait(time.Minute)
		second := must[Pending](t)(w.Resend(t.Context(), first))
		if second.CodeID == first.CodeID || second.CodeKey == first.CodeKey || !second.SentAt.Equal(first.SentAt.Add(time.Minute)) || second.PasswordHash != first.PasswordHash {
			t.Fatalf("first %+v second %+v", first, second)
		}
		_, err := w.Verify(t.Context(), first, old)
		wantErr(t, err, models.ErrSpentCode)
		_, err = w.Verify(t.Context(), second, w.one("anna@example.com", "Your code to create an account").Code)
		wantErr(t, err, nil)
	})
}

func TestCodeLivesTenMinutes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := must[Pending](t)(w.Register(t.Context(), "Anna", "anna@example.com", good))
		w.wait(10 * time.Minute)
		_, err := w.Verify(t.Context(), pending, w.mail()[0].Code)
		wantErr(t, err, models.ErrSpentCode)
	})
}

func TestTextThatIsNoCodeCostsNoTry(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := must[Pending](t)(w.Register(t.Context(), "Anna", "anna@example.com", good))
		for _, typed := range []string{"", "12345", "1234567", "123456 7", "-", strings.Repeat("1", 1000), "\x00"} {
			_, err := w.Verify(t.Context(), pending, typed)
			wantErr(t, err, models.ErrWrongCode)
		}
		code := w.mail()[0].Code
		wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
		_, err := w.Verify(t.Context(), pending, wide)
		wantErr(t, err, nil)
	})
}

func TestAHundredGuessesAtOnceAreFive(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := must[Pending](t)(w.Register(t.Context(), "Anna", "anna@example.com", good))
		wrong := other(w.mail()[0].Code)
		answers := race(100, func(int) error { _, err := w.Verify(t.Context(), pending, wrong); return err })
		if answers[models.ErrWrongCode] != 5 || answers[models.ErrSpentCode] != 95 {
			t.Fatalf("answers = %v", answers)
		}
	})
}

func TestARightCodeAHundredTimesIsOneUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		pending := must[Pending](t)(w.Register(t.Context(), "Anna", "anna@example.com", good))
		code := w.mail()[0].Code
		answers := race(100, func(int) error { _, err := w.Verify(t.Context(), pending, code); return err })
		if answers[nil] != 1 || answers[models.ErrSpentCode] != 99 {
			t.Fatalf("answers = %v", answers)
		}
	})
}

func TestTheQuickerOneGetsTheAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := must[Pending](t)(w.Register(t.Context(), "Anna", "anna@example.com", good))
		second := must[Pending](t)(w.Register(t.Context(), "Eve", "ANNA@example.com", good))
		letters := w.mail()
		_, err := w.Verify(t.Context(), second, letters[1].Code)
		wantErr(t, err, nil)
		_, err = w.Verify(t.Context(), first, letters[0].Code)
		wantErr(t, err, ErrTaken)
	})
}

func TestBusyIsSaidNotHidden(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		recovery := must[Recovery](t)(w.Forgot(t.Context(), "anna@example.com"))
		w.passwords.limit = 0
		_, err := w.Register(t.Context(), "Anna", "b@example.com", good)
		wantErr(t, err, ErrBusy)
		_, err = w.Authenticate(t.Context(), "anna@example.com", good)
		wantErr(t, err, ErrBusy)
		wantErr(t, w.Confirm(t.Context(), user.ID, good), ErrBusy)
		wantErr(t, w.ChangePassword(t.Context(), user, good, "sparrow anvil moss"), ErrBusy)
		code := w.mail()[0].Code
		_, err = w.Reset(t.Context(), recovery, code, "sparrow anvil moss")
		wantErr(t, err, ErrBusy)
		w.passwords.limit = 10
		_, err = w.Reset(t.Context(), recovery, code, "sparrow anvil moss") // the code was not spent
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
