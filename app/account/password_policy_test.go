package account

import (
	"strings"
	"testing"
)

func weakness(t *testing.T, password string, own ...string) string {
	t.Helper()
	found := NewPasswords(1, 1, 12).weakness(password, own...)
	if found == nil {
		return ""
	}
	if found.Code == "" || found.Field != "password" {
		t.Fatalf("weakness of %q is %+v", password, found)
	}
	return found.Code
}

func TestLengthIsCountedInCodePointsAfterNormalising(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"":                              CodePasswordTooShort,
		"moss quarry":                   CodePasswordTooShort,
		"moss quarry7":                  "",
		"ждлпрвахъэюб":                  "",
		"e\u0301e\u0301 moss qua":       CodePasswordTooShort, // 13 typed, 11 composed
		strings.Repeat("mosqy ", 21):    CodeCommonPassword,
		strings.Repeat("é\n", 3):        CodePasswordTooShort,
		"\xff\xfemoss quarry7":          CodeInvalidPassword,
		passage(128):                    "",
		passage(129):                    CodePasswordTooLong,
		passage(128)[:127] + "\ufb03":   CodePasswordTooLong, // one ligature, three letters
		strings.Repeat("x ", 100_000):   CodePasswordTooLong,
		"lantern quarry dishwasher tin": "",
	} {
		if got := weakness(t, password); got != want {
			t.Errorf("weakness(%.40q) = %q, want %q", password, got, want)
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
	found := p.weakness("moss quarry 77")
	if found == nil || found.Code != CodePasswordTooShort || found.Args["min"] != 15 {
		t.Fatalf("weakness = %+v", found)
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
		if weakness(t, password) == "" {
			t.Errorf("weakness(%q) passes", password)
		}
	}
}

func TestUnknownWordsPass(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		good, "purple monkey dishwasher", "Tr0ub4dor&3-plus", "kettle-anvil-sparrow", "ich mag keine Rosinen", "x7$kQ!pz2@Lm", "8f14e45fceea167a", "寿限無寿限無五劫の擦り切れ",
		"anchovy telescope", "my dog hates the vacuum", "wjd93kfa02mz", "rain on tin roofs", "94837261059218", "мой дядя самых честных",
	} {
		if code := weakness(t, password, "Anna Smith", "anna.smith@example.com"); code != "" {
			t.Errorf("weakness of %q is %q", password, code)
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
		if weakness(t, password, own...) == "" {
			t.Errorf("weakness(%q) passes", password)
		}
	}
	for _, password := range []string{"hosanna in the highest", "anna likes vinegar crisps", "the gatehouse is haunted",
		good} {
		if code := weakness(t, password, own...); code != "" {
			t.Errorf("weakness of %q is %q", password, code)
		}
	}
}

// A visitor knows the address of the site as well as its name.
func TestTheSitesOwnAddressIsRefused(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12, "id.blumenladen", "Fleur & Co")
	for _, password := range []string{"blumenladen12", "Blumenladen 2026!", "id.blumenladen", "blumenladen-xkq7",
		"fleur2026 fleur", "blumenladenfleur"} {
		if found := p.weakness(password); found == nil || found.Code != CodePersonalPassword {
			t.Errorf("weakness of %q is %+v", password, found)
		}
	}
	for _, password := range []string{"blumenladen is closed today", good} {
		if found := p.weakness(password); found != nil {
			t.Errorf("weakness of %q is %+v", password, found)
		}
	}
}
