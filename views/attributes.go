package views

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/links"
	"gatehouse/app/words"
	"gatehouse/models"

	"github.com/a-h/templ"
)

// to is a link or an action: a path of ours, by way of the one function that knows the base path.
func to(ctx context.Context, local string) templ.SafeURL { return templ.SafeURL(path(ctx, local)) }

// path is to, for an attribute that is no URL to templ.
func path(ctx context.Context, local string) string { return links.To(ctx, local) }

// going adds next to a path of ours, so that it is kept from page to page.
func going(ctx context.Context, local, next string) templ.SafeURL {
	path := path(ctx, local)
	if next == "" {
		return templ.SafeURL(path)
	}
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	return templ.SafeURL(path + join + "next=" + url.QueryEscape(next))
}

func every(d time.Duration) string {
	return "every " + strconv.Itoa(max(1, int(d/time.Second))) + "s, wake"
}

// mistake is one field's error, as the summary above the form repeats it.
type mistake struct{ id, text string }

func mistakes(all ...mistake) []mistake {
	var made []mistake
	for _, m := range all {
		if m.text != "" {
			made = append(made, m)
		}
	}
	return made
}

// input is a field of a form, in every state it can be in.
type input struct {
	id, name, label, kind, value, hint, fault string
	autocomplete, inputmode, enterkey         string
	max                                       int // in characters; 0 for no limit
	optional, focus                           bool
}

// described lists the ids that explain the field, for aria-describedby.
func (i input) described() string {
	switch {
	case i.hint != "" && i.fault != "":
		return i.id + "-error " + i.id + "-hint"
	case i.fault != "":
		return i.id + "-error"
	case i.hint != "":
		return i.id + "-hint"
	}
	return ""
}

func passwordHint(ctx context.Context, least int) string {
	if least < 1 {
		return say(ctx, "field.password_hint")
	}
	return say(ctx, "field.password_min_hint", words.Args{"n": least})
}

func codeInput(ctx context.Context, id, typed, wrong string) input {
	return input{id: id, value: typed, fault: wrong, hint: say(ctx, "field.code_hint"), autocomplete: "one-time-code",
		inputmode: "text", enterkey: "go", max: 128}
}

// front is where the name at the top leads.
func front(ctx context.Context, user *models.User) templ.SafeURL {
	if user != nil {
		return to(ctx, "/dashboard")
	}
	return to(ctx, "/")
}

// swapping has htmx send a form once at a time and put the answer in the place of #id.
func swapping(ctx context.Context, id, action string) templ.OrderedAttributes {
	return templ.OrderedAttributes{
		templ.KV[string, any]("hx-post", path(ctx, action)),
		templ.KV[string, any]("hx-target", "#"+id),
		templ.KV[string, any]("hx-swap", "outerHTML"),
		templ.KV[string, any]("hx-sync", "this:drop"),
		templ.KV[string, any]("hx-disable", "findAll button"),
	}
}

// attributes are those of an input that depend on its state.
func (i input) attributes() templ.OrderedAttributes {
	var all templ.OrderedAttributes
	add := func(key string, value string) {
		if value != "" {
			all = append(all, templ.KV[string, any](key, value))
		}
	}
	add("autocomplete", i.autocomplete)
	add("inputmode", i.inputmode)
	add("enterkeyhint", i.enterkey)
	add("aria-describedby", i.described())
	if i.fault != "" {
		add("aria-invalid", "true")
	}
	if i.max > 0 {
		add("maxlength", strconv.Itoa(i.max))
	}
	return all
}
