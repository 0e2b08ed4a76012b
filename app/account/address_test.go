package account

import (
	"errors"
	"strings"
	"testing"
)

func TestCanonicalIsOneSpelling(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"Anna.Smith@Example.COM":     "anna.smith@example.com",
		" anna@example.com ":         "anna@example.com",
		"anna+tag@example.com":       "anna+tag@example.com",
		"o'brien@example.com":        "o'brien@example.com",
		"anna@BÜCHER.example":        "anna@xn--bcher-kva.example",
		"anna@xn--bcher-kva.example": "anna@xn--bcher-kva.example",
		"anna@example。com":           "anna@example.com",
		"RENE\u0301@example.com":     "ren\u00e9@example.com",
		"ren\u00e9@example.com":      "ren\u00e9@example.com",
		"ΣΊΣΥΦΟΣ@example.com":        "σίσυφοσ@example.com",
		"σίσυφος@example.com":        "σίσυφοσ@example.com",
		"a@b.co":                     "a@b.co",
	} {
		if got, err := Canonical(typed); err != nil || got != want {
			t.Errorf("Canonical(%q) = %q, %v, want %q", typed, got, err, want)
		}
	}
}

func TestCanonicalRefuses(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]string{
		"nothing": "", "no at": "anna", "no local": "@example.com", "no domain": "anna@", "two ats": "a@b@example.com",
		"line break": "anna@example.com\r\nBcc: eve@example.com", "line break in local": "an\nna@example.com", "nul": "an\x00na@example.com",
		"list": "anna@example.com,eve@example.com", "list in local": "eve,anna@example.com", "space": "an na@example.com",
		"angle": "<anna@example.com>", "name": "Anna <anna@example.com>", "quote": `"anna"@example.com`, "comment": "anna(x)@example.com",
		"tail of quote": `anna"@example.com`, "backslash": `an\na@example.com`, "semicolon": "anna;eve@example.com", "colon": "a:b@example.com",
		"first dot": ".anna@example.com", "last dot": "anna.@example.com", "two dots": "an..na@example.com", "empty label": "anna@example..com",
		"end dot": "anna@example.com.", "no top": "anna@example", "ip": "anna@127.0.0.1", "ip literal": "anna@[127.0.0.1]",
		"underscore host": "anna@exa_mple.com", "long local": strings.Repeat("a", 65) + "@example.com",
		"long": "a@" + strings.Repeat(strings.Repeat("b", 60)+".", 4) + "example.com",
		"long in all": strings.Repeat("a", 60) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) +
			"example.com.example.com",
		"long label":   "anna@" + strings.Repeat("b", 64) + ".com",
		"bad utf8":     "an\xffna@example.com",
		"zero width":   "an\u200bna@example.com",
		"direction":    "an\u202ena@example.com",
		"bad punycode": "anna@xn--a.example",
	} {
		if got, err := Canonical(typed); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: Canonical(%q) = %q, %v, want ErrAddress", name, typed, got, err)
		}
	}
}

// The Kelvin sign folds to k, long s to s, sharp s to ss: each is another mailbox where they are
// told apart, and must not pass for the plain one.
func TestLookAlikeIsNobody(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"mi\u212ae@example.com", "\u017fam@example.com", "stra\u00dfe@example.com",
		"\ufb01nn@example.com", "al\u0130@example.com"} {
		if got, err := Canonical(typed); !errors.Is(err, ErrAddress) {
			t.Errorf("Canonical(%q) = %q, %v, want ErrAddress", typed, got, err)
		}
	}
}

func TestMaskHidesTheLocalPart(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"anna@example.com": "a•••@example.com", "é.b@example.com": "é•••@example.com", "": "•••", "anna": "•••", "@example.com": "•••",
	} {
		if got := Mask(address); got != want {
			t.Errorf("Mask(%q) = %q, want %q", address, got, want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"anna@example.com", "Anna+x@BÜCHER.example", "a@b@c.de", "\r\n@example.com", "ΣΊΣ@παράδειγμα.gr", "é@例え.jp", "x@xn--bcher-kva.example", "ʼn@a.b", "0@0.\xd50",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		once, err := Canonical(typed)
		if err != nil {
			return
		}
		if twice, err := Canonical(once); err != nil || twice != once {
			t.Errorf("Canonical(%q) = %q, and of that %q, %v", typed, once, twice, err)
		}
		if strings.Count(once, "@") != 1 || strings.ContainsAny(once, " \r\n\t,<>\"\\;:()") || len(once) > 254 {
			t.Errorf("Canonical(%q) = %q", typed, once)
		}
	})
}
