package views

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/models"
)

// relative says how long ago t was, seen from now: "5 minutes ago", and a date after a week.
func relative(t, now time.Time) string {
	switch ago := now.Sub(t); {
	case ago < time.Minute:
		return "just now"
	case ago < time.Hour:
		return count(int(ago/time.Minute), "minute") + " ago"
	case ago < 24*time.Hour:
		return count(int(ago/time.Hour), "hour") + " ago"
	case ago < 7*24*time.Hour:
		return count(int(ago/(24*time.Hour)), "day") + " ago"
	}
	return "on " + date(t)
}

func date(t time.Time) string  { return t.UTC().Format("2 January 2006") }
func exact(t time.Time) string { return t.UTC().Format("Mon 2 Jan 2006, 15:04:05 UTC") }
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// happened puts the kind of an event into words.
func happened(event models.Event) string {
	switch event.Kind {
	case models.EventSignedUp:
		return "Account created"
	case models.EventSignedIn:
		return "Signed in"
	case models.EventSignInFailed:
		return "A sign-in failed"
	case models.EventSignedOut:
		return "Signed out"
	case models.EventSessionEnded:
		return "Session ended"
	case models.EventSessionsEnded:
		return "All other sessions ended"
	case models.EventReuse:
		return "Session ended: its key was used twice"
	case models.EventPasswordChanged:
		return "Password changed"
	case models.EventPasswordReset:
		return "Password reset"
	case models.EventEmailChanged:
		return "Email changed"
	case models.EventProfileChanged:
		return "Profile changed"
	case models.EventLinked:
		return "Connected a way to sign in"
	case models.EventUnlinked:
		return "Disconnected a way to sign in"
	}
	return "Account activity"
}

// alarming marks the events a person should look at twice.
func alarming(event models.Event) bool {
	return event.Kind == models.EventReuse || event.Kind == models.EventSignInFailed
}

// way says how a session was started.
func way(session models.Session, list []Provider) string {
	if session.Provider == "" {
		return "Your password"
	}
	return called(session.Provider, list)
}

// detail is what an event says beside its kind.
func detail(event models.Event, list []Provider) string {
	switch event.Kind {
	case models.EventSignedUp, models.EventSignedIn, models.EventLinked, models.EventUnlinked:
		return called(event.Detail, list)
	}
	return event.Detail
}

// called is a provider as its button calls it, or as it calls itself where it has none any more.
func called(name string, list []Provider) string {
	for _, p := range list {
		if p.Name == name {
			return p.Label
		}
	}
	return models.ProviderName(name)
}

func known(words, otherwise string) string {
	if words = strings.TrimSpace(words); words == "" {
		return otherwise
	}
	return words
}

// initials are up to two letters of a name, for where there is no picture.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
	if len(words) == 0 {
		return "·"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	if len(words) == 1 || strings.Contains(name, "@") {
		return string(unicode.ToUpper(first))
	}
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return string(unicode.ToUpper(first)) + string(unicode.ToUpper(last))
}

func handheld(client string) bool {
	for _, system := range []string{"Android", "iPhone", "iPad", "iOS"} {
		if strings.Contains(client, system) {
			return true
		}
	}
	return false
}

func displayName(user models.User) string { return known(user.Name, known(user.Email, "You")) }

// waysIn lists the providers in a sentence: "Or use Google, GitHub or X."
func waysIn(providers []Provider) string {
	labels := make([]string, len(providers))
	for i, p := range providers {
		labels[i] = p.Label
	}
	last := len(labels) - 1
	if last == 0 {
		return "Or come in with " + labels[0] + "."
	}
	return "Or come in with " + strings.Join(labels[:last], ", ") + " or " + labels[last] + "."
}
