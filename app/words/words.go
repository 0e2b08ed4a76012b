// Package words is the catalogue: every sentence that a person reads, by key, in every language. Pages, mails and
// the page's script take their words from here and from nowhere else; what decides answers with codes. A language is
// one file, en.toml, that a translator can edit without reading code.
//
// What the people who run it read stays English, in place: the command line, doctor, the log, errors for the log and
// the pages of the emulator.
package words

import (
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// english is read once, when it is first asked for.
var english = sync.OnceValue(func() *Language { return mustRead("en") })

// English is the language there is.
func English() *Language { return english() }

// Language says sentences in one language. It is safe for concurrent use.
type Language struct {
	tag   language.Tag
	texts map[string]text

	months, shortMonths, shortWeekdays []string // the year begins with January, the week with Sunday
}

// text is a sentence, or one sentence for each plural category (CLDR) of the number in it.
type text struct {
	plain string
	forms map[plural.Form]string // nil for a plain one
}

// Args fill the {places} of a sentence: a text as it is, a number as people write it, a time.Duration as a wait, a
// list of texts as a choice among them. A number also chooses the plural; a sentence holds one at most.
type Args map[string]any

// Tag is the language of a page, as its lang attribute says it (BCP 47).
func (l *Language) Tag() string { return l.tag.String() }

// Has reports whether there is a sentence under a key.
func (l *Language) Has(key string) bool {
	_, found := l.texts[key]
	return found
}

// Say is the sentence under a key with its places filled. A key without a sentence shows itself: tests keep that from
// anyone's eyes, and a page without one word is better than no page.
func (l *Language) Say(key string, args ...Args) string {
	found, known := l.texts[key]
	if !known {
		return key
	}
	if len(args) == 0 {
		return found.plain
	}
	said := found.plain
	for _, arg := range args[0] {
		if n, counted := arg.(int); counted && found.forms != nil {
			said = l.form(found, n)
		}
	}
	return l.with(said, args[0])
}

// Lines are the sentences of a list, each with its places filled.
func (l *Language) Lines(key string, args ...Args) []string {
	var lines []string
	for i := 1; l.Has(key + "." + strconv.Itoa(i)); i++ {
		lines = append(lines, l.Say(key+"."+strconv.Itoa(i), args...))
	}
	return lines
}

// Around is what stands before and after a place of a sentence, for a place that is no text: a link, a name that
// stands out, a time with its tooltip.
func (l *Language) Around(key, place string, args ...Args) (before, after string) {
	before, after, _ = strings.Cut(l.Say(key), "{"+place+"}")
	if len(args) == 0 {
		return before, after
	}
	return l.with(before, args[0]), l.with(after, args[0])
}

// form is the sentence for a number.
func (l *Language) form(t text, n int) string {
	category := plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)
	if said, found := t.forms[category]; found {
		return said
	}
	return t.plain
}

func (l *Language) with(said string, args Args) string {
	return fill(said, func(place string) (string, bool) {
		arg, given := args[place]
		return l.argument(arg), given
	})
}

// fill puts arguments into the places of a sentence. What was put in is not looked at again: a name may hold braces.
func fill(said string, argument func(place string) (string, bool)) string {
	var filled strings.Builder
	filled.Grow(2 * len(said)) // mostly enough
	for {
		before, rest, opened := strings.Cut(said, "{")
		filled.WriteString(before)
		if !opened {
			return filled.String()
		}
		place, after, closed := strings.Cut(rest, "}")
		arg, given := argument(place)
		if !closed || !given { // shown as it is
			filled.WriteString("{")
			said = rest
			continue
		}
		filled.WriteString(arg)
		said = after
	}
}

func (l *Language) argument(arg any) string {
	switch arg := arg.(type) {
	case string:
		return arg
	case int:
		return strconv.Itoa(arg)
	case time.Duration:
		return l.Wait(arg)
	case []string:
		return l.Choice(arg)
	}
	return fmt.Sprint(arg)
}

// mustRead reads a file of this package. One that cannot be read is a build that must not start.
func mustRead(name string) *Language {
	content, err := files.ReadFile(name + ".toml")
	if err == nil {
		var l *Language
		if l, err = read(name, string(content)); err == nil {
			return l
		}
	}
	panic(fmt.Sprintf("words: %s.toml: %v", name, err))
}

// read takes a catalogue apart: tables are the parts of a key, lists number theirs from 1, and a table of plural
// categories is one sentence.
func read(name, content string) (*Language, error) {
	tag, err := language.Parse(name)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if _, err := toml.Decode(content, &tree); err != nil {
		return nil, err
	}
	l := &Language{tag: tag, texts: map[string]text{}}
	if err := l.add("", tree); err != nil {
		return nil, err
	}
	l.months, l.shortMonths = l.Lines("time.months"), l.Lines("time.months_short")
	l.shortWeekdays = l.Lines("time.weekdays_short")
	if len(l.months) != 12 || len(l.shortMonths) != 12 || len(l.shortWeekdays) != 7 {
		return nil, errors.New("a year has 12 months and a week 7 days")
	}
	return l, nil
}

func (l *Language) add(key string, node any) error {
	switch node := node.(type) {
	case string:
		l.texts[key] = text{plain: node}
	case []any:
		for i, item := range node {
			if err := l.add(key+"."+strconv.Itoa(i+1), item); err != nil {
				return err
			}
		}
	case map[string]any:
		if _, counts := node["other"].(string); counts && allCategories(node) {
			return l.addPlural(key, node)
		}
		for name, item := range node {
			if err := l.add(strings.TrimPrefix(key+"."+name, "."), item); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%s is no text", key)
	}
	return nil
}

func (l *Language) addPlural(key string, node map[string]any) error {
	forms := map[plural.Form]string{}
	for name, item := range node {
		said, isText := item.(string)
		if !isText {
			return fmt.Errorf("%s.%s is no text", key, name)
		}
		forms[categories()[name]] = said
	}
	l.texts[key] = text{plain: forms[plural.Other], forms: forms}
	return nil
}

// categories are the plural categories of CLDR.
func categories() map[string]plural.Form {
	return map[string]plural.Form{"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few,
		"many": plural.Many, "other": plural.Other}
}

func allCategories(node map[string]any) bool {
	for name := range node {
		if _, category := categories()[name]; !category {
			return false
		}
	}
	return true
}
