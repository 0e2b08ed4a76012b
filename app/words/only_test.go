package words

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// names are no words of a language.
func names() []string { return []string{"Gatehouse"} }

// A sentence in a component would stay English in every language.
func TestNoWordsInMarkup(t *testing.T) {
	t.Parallel()
	spoken := []string{"alt", "title", "placeholder", "label", "aria-label", "aria-description", "aria-valuetext",
		"data-busy"}
	letters, seen := regexp.MustCompile(`\pL`), 0
	for _, s := range sources(t, "views") {
		tokens := html.NewTokenizer(strings.NewReader(s.markup()))
		for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
			token := tokens.Token()
			seen += len(token.Attr)
			text := strings.TrimSpace(token.Data)
			if kind == html.TextToken && letters.MatchString(text) && !slices.Contains(names(), text) {
				t.Errorf("%s says %q", s.path, text)
			}
			for _, a := range token.Attr {
				if slices.Contains(spoken, a.Key) && letters.MatchString(a.Val) {
					t.Errorf("%s says %s=%q", s.path, a.Key, a.Val)
				}
			}
		}
	}
	if seen < 300 {
		t.Fatalf("only %d attributes were looked at", seen)
	}
}

// unspoken are the functions whose texts go to the log or to other code, for the people who run it.
func unspoken() []string {
	return []string{"New", "Errorf", "panic", "Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext",
		"WarnContext", "ErrorContext", "Get", "Set", "Prefix"}
}

// no sentence, though they look like one: names that others gave, and records.
func exempt() []string {
	return append(names(), "Android", UnknownBrowser, "Bearer ", "Forwarded", "Via")
}

// A sentence in the code would be found by nobody who translates.
func TestNoSentencesInCode(t *testing.T) {
	t.Parallel()
	spoken := []*regexp.Regexp{
		regexp.MustCompile(`^\PL*\p{Lu}\p{Ll}*[,:]? \pL`),          // Wrong password
		regexp.MustCompile(`^\PL*\p{Lu}\p{Ll}+[.!?…]?\s*$`),        // Saved.
		regexp.MustCompile(`^\PL*\p{Ll}+ \p{Ll}+ \p{Ll}+[ .,!?…]`), // or come in with …
	}
	for _, s := range sources(t, where()...) {
		for _, l := range s.literals() {
			if slices.Contains(unspoken(), l.within) || slices.Contains(exempt(), l.text) {
				continue
			}
			for _, shape := range spoken {
				if shape.MatchString(l.text) {
					t.Errorf("%s says %q", s.path, l.text)
				}
			}
		}
	}
}

// The page hands the script its words.
func TestNoWordsInTheScript(t *testing.T) {
	t.Parallel()
	script := contentOf(t, "../../static/app.js")
	for _, m := range regexp.MustCompile("[\"'`](\\p{Lu}\\p{Ll}+[^\"'`]*)[\"'`]").FindAllStringSubmatch(script, -1) {
		if m[1] != "CapsLock" { // what the key is called in every browser
			t.Errorf("app.js says %q", m[1])
		}
	}
	if strings.Contains(script, "} password") {
		t.Error("app.js puts a sentence together")
	}
}
