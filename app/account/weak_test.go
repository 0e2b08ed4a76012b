package account

import (
	"errors"
	"strings"
	"testing"
)

func weak(t *testing.T, password string, own ...string) string {
	t.Helper()
	err := NewPasswords(1, 1, 12).Check(password, own...)
	if err == nil {
		return ""
	}
	var w *Weak
	if !errors.As(err, &w) || w.Sentence == "" {
		t.Fatalf("Check(%q) = %v, want *Weak", password, err)
	}
	return w.Sentence
}

func TestLengthIsCountedInCodePointsAfterNormalising(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"":                              "Use at least 12 characters.",
		"moss quarry":                   "Use at least 12 characters.",
		"moss quarry7":                  "",
		"ждлпрвахъэюб":                  "",
		"e\u0301e\u0301 moss qua":       "Use at least 12 characters.", // 13 typed, 11 composed
		strings.Repeat("mosqy ", 21):    "This is",
		strings.Repeat("é\n", 3):        "Use at least 12 characters.",
		"\xff\xfemoss quarry7":          "Use characters that a keyboard can type.",
		passage(128):                    "",
		passage(129):                    sayTooLong,
		passage(128)[:127] + "\ufb03":   sayTooLong, // one ligature, three letters
		strings.Repeat("x ", 100_000):   sayTooLong,
		"lantern quarry dishwasher tin": "",
	} {
		if got := weak(t, password); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("Check(%.40q) = %q, want %q", password, got, want)
		}
	}
}

// passage is text of n different enough characters.
func passage(n int) string {
	text := ""
	for i := 0; len(text) < n; i++ {
		text += string(rune('a'+i*7%26)) + string(rune('A'+i*11%26)) + string(rune('0'+i*3%10))
	}
	return text[:n]
}

func TestMinimumIsASetting(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 15)
	var w *Weak
	if err := p.Check("moss quarry 77"); !errors.As(err, &w) || w.Sentence != "Use at least 15 characters." {
		t.Fatalf("err = %v", err)
	}
}

func TestFirstGuessesAreRefused(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"passwordpassword", "Password1234", "P@ssw0rd1234!", "pa55w0rd!!!!!", "iloveyou2024!", "iloveyouforever", "Welcome2Gatehouse", "welcome-2026!",
		"123456789012", "210987654321", "abcdefghijkl", "lkjihgfedcba", "aaaaaaaaaaaa", "abababababab", "abcabcabcabc", "aaaabbbbcccc", "111222333444",
		"qwertyuiop12", "QwertyuiopASDF", "asdfghjkl;'#", "1q2w3e4r5t6y", "qazwsxedcrfv", "1qaz2wsx3edc", "zaq1zaq1zaq1", "poiuytrewq12", "azertyuiop123",
		"monkeymonkey", "monkey dragon 99", "dragon-monkey-1", "letmeinletmein", "hunter hunter", "correcthorsebatterystaple",
		"changeme12345", "trustno1trustno1", "supercalifragilistic", "qwer1234asdf", "Liverpool2019!", "jesuschrist1!",
		"ｐａｓｓｗｏｒｄ１２３４", "31415926535897", "thisismypassword", "table8table8", "xkqzzkxqxzkq", "table8table8ta",
	} {
		if weak(t, password) == "" {
			t.Errorf("Check(%q) passes", password)
		}
	}
}

func TestUnknownWordsPass(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		good, "purple monkey dishwasher", "Tr0ub4dor&3-plus", "kettle-anvil-sparrow", "ich mag keine Rosinen", "x7$kQ!pz2@Lm", "8f14e45fceea167a", "寿限無寿限無五劫の擦り切れ",
		"anchovy telescope", "my dog hates the vacuum", "wjd93kfa02mz", "rain on tin roofs", "94837261059218", "мой дядя самых честных",
	} {
		if sentence := weak(t, password, "Anna Smith", "anna.smith@example.com"); sentence != "" {
			t.Errorf("Check(%q) = %q", password, sentence)
		}
	}
}

func TestOwnNameAndAddressAreRefused(t *testing.T) {
	t.Parallel()
	own := []string{"Anna Lindqvist", "a.lindqvist+shop@blumenladen.example"}
	for _, password := range []string{
		"annalindqvist", "Anna Lindqvist 1", "LINDQVIST1990", "lindqvist19900412", "lindqvist-1990-04-12", "blumenladen.example", "Blumenladen2026!", "lindqvistanna!",
		"gatehouse2026", "gatehouse-xkq7", "Gatehouse!Gatehouse", "a.lindqvist+shop",
	} {
		if weak(t, password, own...) == "" {
			t.Errorf("Check(%q) passes", password)
		}
	}
	for _, password := range []string{"hosanna in the highest", "anna likes vinegar crisps", "the gatehouse is haunted", good} {
		if sentence := weak(t, password, own...); sentence != "" {
			t.Errorf("Check(%q) = %q", password, sentence)
		}
	}
}

// A visitor knows the address of the site as well as its name.
func TestTheSitesOwnAddressIsRefused(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12, "id.blumenladen", "Fleur & Co")
	for _, password := range []string{"blumenladen12", "Blumenladen 2026!", "id.blumenladen", "blumenladen-xkq7", "fleur2026 fleur", "blumenladenfleur"} {
		var w *Weak
		if err := p.Check(password); !errors.As(err, &w) || !strings.Contains(w.Sentence, "name of this site") {
			t.Errorf("Check(%q) = %v", password, err)
		}
	}
	for _, password := range []string{"blumenladen is closed today", good} {
		if err := p.Check(password); err != nil {
			t.Errorf("Check(%q) = %v", password, err)
		}
	}
}
