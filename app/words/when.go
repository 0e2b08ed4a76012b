package words

import (
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Relative says how long ago t was, seen from now: "5 minutes ago", and a date after a week.
func (l *Language) Relative(t, now time.Time) string {
	switch ago := now.Sub(t); {
	case ago < time.Minute:
		return l.Say("time.just_now")
	case ago < time.Hour:
		return l.counted("time.minutes_ago", int(ago/time.Minute))
	case ago < day:
		return l.counted("time.hours_ago", int(ago/time.Hour))
	case ago < 7*day:
		return l.counted("time.days_ago", int(ago/day))
	}
	return l.Say("time.on", Args{"date": l.Date(t)})
}

// Date is the day of t in UTC.
func (l *Language) Date(t time.Time) string { return l.dated("time.date", t.UTC()) }

// Exact is t in UTC to the second.
func (l *Language) Exact(t time.Time) string { return l.dated("time.exact", t.UTC()) }

// dated fills a sentence with the parts of a time.
func (l *Language) dated(key string, t time.Time) string {
	_, month, day := t.Date()
	return fill(l.Say(key), func(place string) (string, bool) {
		switch place {
		case "day":
			return strconv.Itoa(day), true
		case "month":
			return l.months[month-1], true
		case "mon":
			return l.shortMonths[month-1], true
		case "year":
			return t.Format("2006"), true
		case "weekday":
			return l.shortWeekdays[t.Weekday()], true
		case "clock":
			return t.Format(time.TimeOnly), true
		}
		return "", false
	})
}

// Wait is how long somebody has to wait, in the unit that they would count it in. It rounds up, so that whoever waits
// as long as told is let in.
func (l *Language) Wait(d time.Duration) string {
	switch {
	case d > 2*time.Hour:
		return l.counted("time.hours", int(d.Hours())+1)
	case d > 2*time.Minute:
		return l.counted("time.minutes", int(d.Minutes())+1)
	case d > time.Second:
		return l.counted("time.seconds", int((d+time.Second-1)/time.Second))
	}
	return l.Say("time.a_second")
}

// counted is the sentence for a number, of which a page holds many.
func (l *Language) counted(key string, n int) string {
	return fill(l.form(l.texts[key], n), func(place string) (string, bool) { return strconv.Itoa(n), place == "n" })
}

// Choice lists texts to choose from: "Google, GitHub or X".
func (l *Language) Choice(texts []string) string {
	if len(texts) < 2 {
		return strings.Join(texts, "")
	}
	last := len(texts) - 1
	return strings.Join(texts[:last], l.Say("list.comma")) + l.Say("list.or") + texts[last]
}

// UnknownBrowser is how sessions and events keep a browser that does not say its name.
const UnknownBrowser = "Unknown browser"

// Client is a browser as sessions and events keep it: "Firefox on Android", or its name alone.
func (l *Language) Client(kept string) string {
	browser, system, both := strings.Cut(kept, " on ")
	switch {
	case kept == "", kept == UnknownBrowser:
		return l.Say("client.unknown")
	case both:
		return fill(l.Say("client.on"), func(place string) (string, bool) {
			if place == "browser" {
				return browser, true
			}
			return system, place == "system"
		})
	}
	return kept
}
