package account

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longestName  = 100
	longestPhone = 32
)

// nameMistake judges a name: any script, one line, nothing invisible that could reorder a page.
// A name is shown to its owner only and goes into no mail: a stranger who signs up with our form
// must not get to write to whom they like.
func nameMistake(name string) *Error {
	switch {
	case name == "":
		return &Error{Code: CodeNameRequired, Field: "name"}
	case utf8.RuneCountInString(name) > longestName:
		return &Error{Code: CodeNameTooLong, Field: "name", Args: map[string]any{"max": longestName}}
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable):
		return &Error{Code: CodeInvalidName, Field: "name"}
	}
	return nil
}

func phoneMistake(phone string) *Error {
	if phone == "" || isPhone(phone) {
		return nil
	}
	return &Error{Code: CodeInvalidPhone, Field: "phone"}
}

func isPhone(phone string) bool {
	digits := 0
	for _, r := range phone {
		if r >= '0' && r <= '9' {
			digits++
		} else if !strings.ContainsRune(" +()-.", r) {
			return false
		}
	}
	return digits >= 5 && len(phone) <= longestPhone
}

// unprintable finds control characters, line separators and marks that turn the direction of text.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
