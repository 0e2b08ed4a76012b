package account

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"gatehouse/app/limit"
	"gatehouse/models"
)

// What guessing mailed codes can do, from however many addresses and whatever the number of accounts: a
// guess is at one flow's code, and the house looks at so many a second. docs/security.md says the same.
func TestGuessingCodesIsHopeless(t *testing.T) {
	t.Parallel()
	codes := math.Pow(float64(len(codeAlphabet)), codeLength)
	live := models.SharedCodes // past the recipient's share a flow compares with the newest
	perSecond := float64(guessRule.Rate*len(kinds())) / guessRule.Per.Seconds()
	decade := 10 * 365.25 * 24 * time.Hour.Seconds()
	taken := perSecond * decade * float64(live) / codes
	if taken > 1 {
		t.Errorf("%.2f accounts in ten years, want one at the most", taken)
	}
	flow := float64(models.CodeTries*live) / codes
	said, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, figure := range []string{
		fmt.Sprintf("%d characters", len(codeAlphabet)), fmt.Sprintf("%.1e codes", codes), fmt.Sprintf("%.0f tries a second", perSecond),
		fmt.Sprintf("%.2f accounts in ten years", taken), fmt.Sprintf("%d tries", models.CodeTries), fmt.Sprintf("%d live codes", live), fmt.Sprintf("%d for each of %d kinds", guessRule.Rate, len(kinds())), fmt.Sprintf("%.0e a flow", flow),
	} {
		if !strings.Contains(string(said), figure) {
			t.Errorf("docs/security.md does not say %q", figure)
		}
	}
}

// Each symbol is as likely as any other, and none is taken for another.
func TestCodesAreEven(t *testing.T) {
	t.Parallel()
	const codes = 20_000
	seen := map[rune]int{}
	for range codes {
		code := newCode()
		if len(code) != codeLength || typedCode(shown(code)) != code {
			t.Fatalf("%q", code)
		}
		for _, symbol := range code {
			seen[symbol]++
		}
	}
	even := float64(codes*codeLength) / float64(len(codeAlphabet))
	for _, symbol := range codeAlphabet {
		if n := float64(seen[symbol]); math.Abs(n-even) > 6*math.Sqrt(even) {
			t.Errorf("%c came %v times of %v", symbol, n, even)
		}
	}
	if strings.ContainsAny(codeAlphabet, "0O1ILoil") {
		t.Error("look-alikes")
	}
}

// Codes are typed as people type, and pasted with what stands around them.
func TestCodesAreForgiving(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{
		"ABCD-EFGH", "abcdefgh", " abcd efgh ", "ABCD–EFGH", "A B C D E F G H", "ＡＢＣＤ－ＥＦＧＨ", "ABCD-EFGH.", "Code: ABCD-EFGH",
		"Your code: abcd-efgh", "AB\u200bCD\u2060-EFGH\ufeff", "ABCD\u00ad-EFGH", "\"ABCD-EFGH\"", "ABCD-\r\nEFGH", "a.b.c.d.e.f.g.h",
		"ABCD-EFGH is your code", "\u202eABCD-EFGH",
	} {
		if got := typedCode(typed); got != "ABCDEFGH" {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
	for _, typed := range []string{"", "ABCD-EFG", "ABCDEFGHABCDEFGH", strings.Repeat("A", 300), "ÅBCD-EFGH"} {
		if got := typedCode(typed); got == "ABCDEFGH" || len(got) != 0 && len(got) != codeLength {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
}

// Past the recipient's share a flow takes any of the codes that were mailed: mails come in any order.
func TestAFlowPastTheShareTakesAnyLiveCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.limits = limit.New(nil, true, w.clock, slog.New(slog.DiscardHandler))
		w.person("anna@example.com")
		for range 3 {
			w.forgot("anna@example.com")
		}
		letters := w.mail()
		late, mailed, err := w.Forgot(t.Context(), Caller{}, "anna@example.com")
		if err != nil || mailed || len(w.mail()) != 0 {
			t.Fatalf("a fourth mail: %v %v", mailed, err)
		}
		w.must(w.Reset(t.Context(), Caller{}, late, letters[1].Code, better))
		w.mail()
		again, mailed, err := w.Forgot(t.Context(), Caller{}, "anna@example.com") // none lives: it was used
		if err != nil || !mailed {
			t.Fatalf("after the code was used: %v %v", mailed, err)
		}
		w.must(w.Reset(t.Context(), Caller{}, again, w.mail()[0].Code, "quarry lantern tin"))
	})
}

// Codes that opened nothing while nobody had the address do not keep its owner from one.
func TestDecoysEndWithTheFirstOwner(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.limits = limit.New(nil, true, w.clock, slog.New(slog.DiscardHandler))
		for range 5 {
			w.forgot("anna@example.com")
			_, _, err := w.sendCode(t.Context(), "anna@example.com", asker{mayMail: true})
			wantErr(t, err, nil)
		}
		pending := w.register("Anna", "anna@example.com")
		must[models.User](t)(w.verify(t.Context(), pending, w.mail()[0].Code))
		for range 2 {
			recovery := w.forgot("anna@example.com")
			letters := w.mail()
			if len(letters) > 1 || len(letters) == 0 && recovery.CodeID != "" {
				t.Fatalf("letters = %+v", letters)
			}
			if len(letters) == 1 {
				w.must(w.Reset(t.Context(), Caller{}, recovery, letters[0].Code, better))
				return
			}
		}
		t.Error("no code goes out to the owner")
	})
}

// Whoever has caused enough mails causes no more, whomever they name.
func TestNoMailForWhoHasCausedEnough(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		_, mailed, err := w.sendReset(t.Context(), "anna@example.com", asker{})
		if err != nil || mailed || len(w.mail()) != 0 {
			t.Errorf("mailed %v: %v", mailed, err)
		}
	})
}

// One account has its share of the first lane, and takes nothing of anybody's.
func TestTheFirstLaneIsShared(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.limits = limit.New(nil, true, w.clock, slog.New(slog.DiscardHandler))
		first := 0
		for range 200 {
			if w.lane(t.Context(), "mallory@example.com") == Known {
				first++
			}
		}
		if first != firstRule.Burst || w.lane(t.Context(), "anna@example.com") != Known {
			t.Errorf("%d hashes of one account go first", first)
		}
	})
}

// A flow without tries left, or with none of ours, uses up nothing of what the house allows.
func TestSpentFlowsUseUpNoGuesses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.limits = limit.New(nil, true, w.clock, slog.New(slog.DiscardHandler))
		w.person("anna@example.com")
		recovery := w.forgot("anna@example.com")
		code := w.mail()[0].Code
		for range 3 * guessRule.Burst {
			_, err := w.Reset(t.Context(), Caller{}, recovery, other(code), better)
			if !errors.Is(err, models.ErrWrongCode) && !errors.Is(err, models.ErrSpentCode) {
				t.Fatal(err)
			}
		}
		w.must(w.Reset(t.Context(), Caller{}, w.forgot("anna@example.com"), w.mail()[0].Code, better))
	})
}

// An owner who gets in by code again and again, while strangers use up every mail, goes on getting one.
func TestAnOwnerWhoGetsInUsesUpNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.limits = limit.New(nil, true, w.clock, slog.New(slog.DiscardHandler))
		w.person("anna@example.com")
		for range 8 {
			for range 5 {
				_, _, err := w.sendCode(t.Context(), "anna@example.com", asker{mayMail: true})
				wantErr(t, err, nil)
			}
			mine, _, err := w.sendCode(t.Context(), "anna@example.com", asker{mayMail: true})
			wantErr(t, err, nil)
			letters := w.mail()
			if len(letters) == 0 {
				t.Fatal("no code lives, and none goes out")
			}
			w.must(w.authenticateWithCode(t.Context(), mine, letters[len(letters)-1].Code, good))
		}
	})
}
