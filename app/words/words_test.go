package words

import (
	"strings"
	"testing"
	"time"
)

func TestSentencesAreFilled(t *testing.T) {
	t.Parallel()
	l := English()
	for got, want := range map[string]string{
		l.Say("sign_in.title"):                                              "Sign in",
		l.Say("page.mistakes", Args{"n": 1}):                                "1 thing to change",
		l.Say("page.mistakes", Args{"n": 0}):                                "0 things to change",
		l.Say("home.welcome", Args{"name": "{name} {n} }{"}):                "Welcome back, {name} {n} }{",
		l.Say("home.welcome", Args{"names": "Ada"}):                         "Welcome back, {name}",
		l.Say("error.rate_limited", Args{"wait": 90 * time.Second}):         "Too many attempts. Try again in 90 seconds.",
		l.Say("home.providers", Args{"providers": []string{"A"}}):           "Or come in with A.",
		l.Say("home.providers", Args{"providers": []string{"A", "B"}}):      "Or come in with A or B.",
		l.Say("home.providers", Args{"providers": []string{"A", "B", "X"}}): "Or come in with A, B or X.",
		l.Say("nobody.wrote_this"):                                          "nobody.wrote_this",
		strings.Join(l.Lines("mail.address_changed.lines", Args{"address": "a"})[:1], ""): "The address of your account " +
			"is now a. This one no longer signs in.",
		l.Client("Firefox on Android"): "Firefox on Android",
		l.Client("curl"):               "curl",
		l.Client(UnknownBrowser):       "Unknown browser",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	before, after := l.Around("reset.sent", "email")
	if before != "If " || after != " has an account, a code is on its way there. It works for 10 minutes." {
		t.Errorf("around: %q, %q", before, after)
	}
}

func TestWaitsRoundUp(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{
		time.Millisecond: "a second", time.Second: "a second", 1001 * time.Millisecond: "2 seconds",
		2 * time.Minute: "120 seconds", 121 * time.Second: "3 minutes", 2 * time.Hour: "121 minutes", 121 * time.Minute: "3 hours",
	} {
		if got := English().Wait(wait); got != want {
			t.Errorf("%v is %q, want %q", wait, got, want)
		}
	}
}

func TestTimesAreWorded(t *testing.T) {
	t.Parallel()
	l, now := English(), time.Date(2026, 11, 22, 17, 30, 5, 0, time.FixedZone("", 3600))
	for ago, want := range map[time.Duration]string{
		-time.Hour: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago", 59 * time.Minute: "59 minutes ago",
		time.Hour: "1 hour ago", 47 * time.Hour: "1 day ago", 6 * 24 * time.Hour: "6 days ago", 8 * 24 * time.Hour: "on 14 November 2026",
	} {
		if got := l.Relative(now.Add(-ago), now); got != want {
			t.Errorf("%v ago is %q, want %q", ago, got, want)
		}
	}
	for i := range 400 { // every month and day of the week, as Go words them in English
		at := now.AddDate(0, 0, i).UTC()
		if got, want := l.Date(at), at.Format("2 January 2006"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got, want := l.Exact(at), at.Format("Mon 2 Jan 2006, 15:04:05 UTC"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

const week = `
[time]
months = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]
months_short = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]
weekdays_short = ["1", "2", "3", "4", "5", "6", "7"]
`

// The next language brings plurals of its own: Polish has three, and tells 5 from 2 and 22.
func TestALanguageHasItsOwnPlurals(t *testing.T) {
	t.Parallel()
	l, err := read("pl", `rzeczy = { one = "{n} rzecz", few = "{n} rzeczy", many = "{n} rzeczy wiele", other = "?" }`+week)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "1 rzecz", 2: "2 rzeczy", 22: "22 rzeczy", 5: "5 rzeczy wiele"} {
		if got := l.Say("rzeczy", Args{"n": n}); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestABrokenCatalogueIsRefused(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{`a = 1` + week, `a = [1]` + week, `a = { one = 1, other = "x" }` + week, `a = "x`,
		`a = "x"`} {
		if _, err := read("en", broken); err == nil {
			t.Errorf("%q is read", broken)
		}
	}
}

// The language of what is drawn is its context's, so that each request can have its own.
func TestAContextSpeaksItsLanguage(t *testing.T) {
	t.Parallel()
	l, err := read("de", `sign_in.title = "Anmelden"`+week)
	if err != nil {
		t.Fatal(err)
	}
	if said := From(With(t.Context(), l)).Say("sign_in.title"); said != "Anmelden" || l.Tag() != "de" {
		t.Errorf("%s says %q", l.Tag(), said)
	}
	if said := From(t.Context()).Say("sign_in.title"); said != "Sign in" {
		t.Errorf("without a language: %q", said)
	}
}
