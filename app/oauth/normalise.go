package oauth

import (
	"strings"
	"unicode"

	"gatehouse/models"
)

const (
	maxName  = 100 // code points
	maxEmail = 254 // bytes (RFC 5321, 4.5.3.1.3, less the angle brackets)
)

// normalise makes what a provider says fit to store and to show; nobody cleans it again. A name is one short line. An
// address that is none becomes "", and one that had to be changed is not vouched for any more: changed by a character
// it is another address, perhaps another person's (account takeover).
func normalise(who models.Identity) models.Identity {
	who.Name = singleLine(who.Name)
	email := strings.TrimSpace(who.Email)
	if len(email) > maxEmail || !strings.Contains(email, "@") || strings.ContainsFunc(email, breaksAddress) {
		email = ""
	}
	who.Email = strings.Map(dropInvisible, strings.ToValidUTF8(email, ""))
	who.Vouched = who.Vouched && who.Email != "" && who.Email == email
	return who
}

// breaksAddress finds what could begin another header of a mail (header injection).
func breaksAddress(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }

// dropInvisible leaves out controls, broken characters, and marks that turn the direction of text: with these, a name
// could reorder a page (bidirectional spoofing).
func dropInvisible(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar {
		return -1
	}
	return r
}

func singleLine(s string) string {
	s = strings.Join(strings.Fields(strings.Map(dropInvisible, strings.ToValidUTF8(s, ""))), " ")
	if runes := []rune(s); len(runes) > maxName {
		s = string(runes[:maxName])
	}
	return strings.TrimSpace(s)
}
