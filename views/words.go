package views

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/app/words"
	"gatehouse/models"

	"github.com/a-h/templ"
)

// say is a sentence of the catalogue, in the language of the page.
func say(ctx context.Context, key string, args ...words.Args) string {
	return words.From(ctx).Say(key, args...)
}

// with is a sentence of the catalogue where something that is no text stands in one of its places.
func with(key, place string, what templ.Component, args ...words.Args) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		before, after := words.From(ctx).Around(key, place, args...)
		if _, err := io.WriteString(w, templ.EscapeString(before)); err != nil {
			return err
		}
		if err := what.Render(ctx, w); err != nil {
			return err
		}
		_, err := io.WriteString(w, templ.EscapeString(after))
		return err
	})
}

func relative(ctx context.Context, t, now time.Time) string { return words.From(ctx).Relative(t, now) }
func exact(ctx context.Context, t time.Time) string         { return words.From(ctx).Exact(t) }
func stamp(t time.Time) string                              { return t.UTC().Format(time.RFC3339) }
func client(ctx context.Context, kept string) string        { return words.From(ctx).Client(kept) }

// happened puts the kind of an event into words.
func happened(ctx context.Context, event models.Event) string {
	if key := "event." + event.Kind; words.From(ctx).Has(key) {
		return say(ctx, key)
	}
	return say(ctx, "event.other")
}

// alarming marks the events a person should look at twice.
func alarming(event models.Event) bool {
	return event.Kind == models.EventReuse || event.Kind == models.EventSignInFailed
}

// way says how a session was started.
func way(ctx context.Context, session models.Session, list []Provider) string {
	if session.Provider == "" {
		return say(ctx, "dashboard.password")
	}
	return called(session.Provider, list)
}

// detail is what an event says beside its kind.
func detail(ctx context.Context, event models.Event, list []Provider) string {
	switch event.Kind {
	case models.EventSignedUp, models.EventSignedIn, models.EventLinked, models.EventUnlinked:
		return called(event.Detail, list)
	case models.EventReuse:
		return client(ctx, event.Detail)
	case models.EventProfileChanged:
		if event.Detail == "picture" {
			return say(ctx, "event.picture")
		}
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
	return models.ProviderLabels{}.Of(name)
}

func known(text, otherwise string) string {
	if text = strings.TrimSpace(text); text == "" {
		return otherwise
	}
	return text
}

// initials are up to two letters of a name, for where there is no picture.
func initials(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
	if len(parts) == 0 {
		return "·"
	}
	first, _ := utf8.DecodeRuneInString(parts[0])
	if len(parts) == 1 || strings.Contains(name, "@") {
		return string(unicode.ToUpper(first))
	}
	last, _ := utf8.DecodeRuneInString(parts[len(parts)-1])
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

func displayName(ctx context.Context, user models.User) string {
	return known(user.Name, known(user.Email, say(ctx, "page.you")))
}

func welcome(ctx context.Context, user models.User) string {
	return say(ctx, "home.welcome", words.Args{"name": displayName(ctx, user)})
}

// endingLabel is the button that ends a session, for those who hear the page.
func endingLabel(ctx context.Context, kept string) string {
	if strings.TrimSpace(kept) == "" {
		return say(ctx, "sessions.end_unknown")
	}
	return say(ctx, "sessions.end_one", words.Args{"client": client(ctx, kept)})
}

// waysIn lists the providers in a sentence: "Or come in with Google, GitHub or X."
func waysIn(ctx context.Context, providers []Provider) string {
	labels := make([]string, len(providers))
	for i, p := range providers {
		labels[i] = p.Label
	}
	return say(ctx, "home.providers", words.Args{"providers": labels})
}
