package account

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

// commonList holds the passwords and words that guessers start with, one a line, in small letters.
//
//go:embed common.txt
var commonList string

// usedList holds the passwords that most people use, one a line, in small letters.
//
//go:embed used.txt
var usedList string

// longestTail is how much of digits and signs around a common word still leaves it common: a year,
// a date, an exclamation mark.
const longestTail = 8

func wordsOf(list string) map[string]bool {
	words := make(map[string]bool, strings.Count(list, "\n"))
	for word := range strings.FieldsSeq(list) {
		words[word] = true
	}
	return words
}

// isCommon reports whether a folded password is on a list or, dressed up, one of it or two words of
// common.txt: with other spelling ("p4ssw0rd"), digits and signs around or between, or spaces.
func (p *Passwords) isCommon(folded string) bool {
	if p.common[folded] || p.used[folded] || p.used[strings.TrimFunc(folded, isSign)] {
		return true
	}
	core := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && r != '@' && r != '$' })
	if utf8.RuneCountInString(folded)-utf8.RuneCountInString(core) > longestTail {
		return false
	}
	plain, meant := plainLetters(core), plainLetters(spelled(core))
	return p.used[plain] || p.used[meant] || p.isWords(plain) || p.isWords(meant)
}

func isSign(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }

// isWords reports whether text is one or two words of common.txt.
func (p *Passwords) isWords(text string) bool {
	if p.common[text] {
		return true
	}
	for i := range text {
		if i > 0 && p.common[text[:i]] && p.common[text[i:]] {
			return true
		}
	}
	return false
}

// spelled undoes the spellings that fool nobody.
func spelled(text string) string {
	return strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t",
		"8", "b").Replace(text)
}

func plainLetters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, text)
}
