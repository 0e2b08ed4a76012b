package account

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	longestPassword = 128
	appName         = "gatehouse"
)

// weakness is what is wrong with a new password, or nil; own are the person's names and addresses. There are no rules
// of composition: length is what counts, and what a guesser tries first is refused.
func (p *Passwords) weakness(password string, own ...string) *Error {
	if len(password) > longestTyped { // before anything is normalised
		return weak(CodePasswordTooLong, "max", longestPassword)
	}
	normal := norm.NFKC.String(password)
	length := utf8.RuneCountInString(normal)
	folded := cases.Fold().String(normal)
	switch {
	case !utf8.ValidString(password):
		return &Error{Code: CodeInvalidPassword, Field: "password"}
	case length < p.min:
		return weak(CodePasswordTooShort, "min", p.min)
	case length > longestPassword:
		return weak(CodePasswordTooLong, "max", longestPassword)
	case p.isCommon(folded) || isPattern(folded):
		return &Error{Code: CodeCommonPassword, Field: "password"}
	case isOwn(folded, slices.Concat(p.site, own)):
		return &Error{Code: CodePersonalPassword, Field: "password"}
	}
	return nil
}

// weak says that a password is on the wrong side of a bound.
func weak(code, bound string, length int) *Error {
	return &Error{Code: code, Field: "password", Args: map[string]any{bound: length}}
}

// isPattern finds what is long without being unknown: few different characters, a short piece
// again and again, or runs along the alphabet, the digits or the keyboard.
func isPattern(folded string) bool {
	text := []rune(folded)
	different := slices.Compact(slices.Sorted(slices.Values(text)))
	return len(different) < 5 || repeats(text) || runs(text)*3 <= len(text)
}

// repeats reports whether text is one piece over and over, whole or cut off at the end. A piece of
// twelve or more is a password of its own.
func repeats(text []rune) bool {
	for size := 1; size < 12 && size*2 <= len(text); size++ {
		if slices.Equal(text[size:], text[:len(text)-size]) {
			return true
		}
	}
	return false
}

// tracks are the ways a finger walks a keyboard.
const tracks = "qwertyuiop[] asdfghjkl;' zxcvbnm,./ azertyuiop qwertzuiop 1234567890-= 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p " +
	"qazwsxedcrfvtgbyhnujmikolp 1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0 !@#$%^&*()_+"

// runs counts the pieces of text whose characters follow from the one before. Words come to nearly
// as many as they have letters, "abcd1234qwer" to three.
func runs(text []rune) int {
	count := 1
	for i := 1; i < len(text); i++ {
		if !follows(text[i-1], text[i]) {
			count++
		}
	}
	return count
}

func follows(a, b rune) bool {
	if a == ' ' || b == ' ' {
		return false
	}
	return b-a >= -1 && b-a <= 1 || strings.Contains(tracks, string([]rune{a, b})) ||
		strings.Contains(tracks, string([]rune{b, a}))
}

// isOwn reports whether too little is left once everything a stranger can look up about the person
// is taken out: fewer than eight characters, or only digits, which would be a date.
func isOwn(folded string, own []string) bool {
	rest := folded
	for _, piece := range pieces(own) {
		rest = strings.ReplaceAll(rest, piece, "")
	}
	return rest != folded && (utf8.RuneCountInString(rest) < 8 || strings.Trim(rest, "0123456789 .-/") == "")
}

// pieces are the words in names and addresses, longest first. Shorter ones than three are in half
// of all passwords by chance.
func pieces(own []string) []string {
	var found []string
	for _, text := range own {
		words := strings.FieldsFunc(cases.Fold().String(norm.NFKC.String(text)), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r)
		})
		found = append(found, words...)
		found = append(found, strings.Join(words, ""))
	}
	found = slices.DeleteFunc(found, func(piece string) bool { return utf8.RuneCountInString(piece) < 3 })
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	return found
}
