package account

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// mostUsed are the first n passwords of the list that have so many letters.
func mostUsed(t *testing.T, letters, n int) (found []string) {
	t.Helper()
	file, err := os.Open("used.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan() && len(found) < n; {
		if line := lines.Text(); utf8.RuneCountInString(line) >= letters {
			found = append(found, line)
		}
	}
	if len(found) < n {
		t.Fatalf("the list has %d passwords of %d letters, want %d", len(found), letters, n)
	}
	return found
}

// They are refused as they are and, but for a handful, dressed up.
func TestTheMostUsedPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ letters, n int }{{12, 229}, {8, 10_000}} {
		p, plain, dressed := NewPasswords(1, 1, test.letters), []string{}, []string{}
		for _, password := range mostUsed(t, test.letters, test.n) {
			if p.weakness(password) == nil {
				plain = append(plain, password)
			}
			for _, other := range []string{strings.ToUpper(password), password + "!", " " + password} {
				if p.weakness(other) == nil {
					dressed = append(dressed, other)
				}
			}
		}
		if len(plain) > 0 || len(dressed) > 5 {
			t.Errorf("of the %d most used passwords of %d letters and more %d are taken, and %d dressed up: %.20q, %.20q",
				test.n, test.letters,
				len(plain), len(dressed), plain[:min(len(plain), 10)], dressed[:min(len(dressed), 10)])
		}
	}
}

// To look through the list is nothing beside a hash.
func TestCheckIsQuick(t *testing.T) {
	p := NewPasswords(1, 1, 12)
	slowest := func(password string) time.Duration {
		var took []time.Duration
		for range 20 {
			began := time.Now()
			_ = p.weakness(password)
			took = append(took, time.Since(began))
		}
		return slices.Min(took)
	}
	for _, password := range []string{good, passage(128), "1qaz2wsx3edc", "administrator", strings.Repeat("pass ", 24)} {
		if took := slowest(password); took > 5*time.Millisecond {
			t.Errorf("judging %.20q takes %s", password, took)
		}
	}
}
