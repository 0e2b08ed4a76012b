package account

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// ErrAddress says that a text is no mail address.
var ErrAddress = errors.New("account: not an address")

const (
	longestLocal   = 64 // RFC 5321, 4.5.3.1.1
	longestAddress = 254
)

// Canonical is the one spelling of a mail address that stands for it here: NFC, the domain in
// lower-case and punycode, the local part folded. Mail goes to this spelling and no other, so a
// look-alike that folds to an address of someone else sends its code to them. ErrAddress.
func Canonical(address string) (string, error) {
	local, domain, ok := strings.Cut(strings.Trim(address, " "), "@")
	if !ok || len(address) > 4*longestAddress {
		return "", ErrAddress
	}
	local, err := canonicalLocal(local)
	if err != nil {
		return "", err
	}
	domain, err = canonicalDomain(domain)
	if err != nil {
		return "", err
	}
	if len(local)+1+len(domain) > longestAddress {
		return "", ErrAddress
	}
	return local + "@" + domain, nil
}

// addressOf is the canonical spelling of an address as typed, or what is wrong with it.
func addressOf(email string) (string, *Error) {
	address, err := Canonical(email)
	if err != nil {
		return "", &Error{Code: CodeInvalidEmail, Field: "email"}
	}
	return address, nil
}

// Mask is an address for logs and events: a•••@example.com.
func Mask(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" {
		return "•••"
	}
	return string([]rune(local)[:1]) + "•••@" + domain
}

// canonicalLocal takes a dot-atom (RFC 5322, 3.2.3, RFC 6532) and nothing else: quotes, comments
// and lists are how a second recipient or a header gets into a mail.
func canonicalLocal(local string) (string, error) {
	for _, r := range local {
		if !atom(r) || hidesASCII(r) {
			return "", ErrAddress
		}
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return "", ErrAddress
	}
	folded := fold(local)
	if folded == "" || len(folded) > longestLocal || fold(folded) != folded {
		return "", ErrAddress
	}
	return folded, nil
}

func atom(r rune) bool {
	if r < unicode.MaxASCII {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r)
	}
	return r != unicode.ReplacementChar && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r))
}

// hidesASCII finds letters like ſ or the Kelvin sign, which fold to s and k. Whoever owns such an
// address at a provider that tells them apart would otherwise be taken for the owner of the plain one.
func hidesASCII(r rune) bool {
	return r > unicode.MaxASCII && strings.ContainsFunc(fold(string(r)), func(r rune) bool { return r <= unicode.MaxASCII })
}

func fold(s string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(s))) }

func canonicalDomain(domain string) (string, error) {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || len(ascii) > 253 {
		return "", ErrAddress
	}
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", ErrAddress
	}
	labels := strings.Split(ascii, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return "", ErrAddress
		}
	}
	// "anna@gmail" is a slip, and a number at the end is an IP address, which proves nobody.
	top := labels[len(labels)-1]
	if len(labels) < 2 || strings.Trim(top, "0123456789") == "" {
		return "", ErrAddress
	}
	return ascii, nil
}
