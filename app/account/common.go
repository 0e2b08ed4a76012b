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

// longestTail is how much of digits and signs around a common word still leaves it common: a year,
// a date, an exclamation mark.
const longestTail = 8

func commonWords() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(commonList) {
		words[word] = true
	}
	return words
}

// isCommon reports whether a folded password is on the list, or is one or two words of it dressed
// up: with other spelling ("p4ssw0rd"), digits and signs around or between, or spaces.
func (p *Passwords) isCommon(folded string) bool {
	if p.common[folded] {
		return true
	}
	core := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && r != '@' && r != '$' })
	if utf8.RuneCountInString(folded)-utf8.RuneCountInString(core) > longestTail {
		return false
	}
	return p.isWords(plainLetters(core)) || p.isWords(plainLetters(spelled(core)))
}

// isWords reports whether text is one or two words of the list.
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
	return strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "8", "b").Replace(text)
}

func plainLetters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, text)
}
