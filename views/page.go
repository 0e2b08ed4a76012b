// Package views draws the pages: each whole page, and each fragment that htmx swaps into one. A
// component shows the value it is given and decides nothing else; it asks no store and no clock. What a value says
// comes worded; what a component says by itself it takes from the catalogue, in the language of its context.
package views

import (
	"context"
	"time"

	"gatehouse/app/words"
	"gatehouse/models"
)

// Page is what every page needs around its own content.
type Page struct {
	Title string       // stands first in <title>; "" for the front page
	User  *models.User // nil for guests
	// PictureURL is the address of the person's picture; "" for none.
	PictureURL string
	Now        time.Time
	Assets     Assets
	Notice     Notice // shown once, above the content

	// RefreshEvery makes a signed-in page trade its refresh token this often; 0 leaves it alone.
	RefreshEvery time.Duration
	RequestID    string
	// DevMail links to /dev/mail in the footer.
	DevMail bool
}

// siteName stands at the top of every page.
const siteName = "Gatehouse"

// heading is what <title> says: the page first.
func (p Page) heading(ctx context.Context) string {
	if p.Title == "" {
		return siteName
	}
	return say(ctx, "page.title", words.Args{"page": p.Title, "site": siteName})
}

// Assets are the addresses of the static files.
type Assets struct{ CSS, HTMX, JS, Icon, TouchIcon, Manifest string }

// Notice is one sentence above a page or a form. Kind is info, success, warning or error; an empty
// Text shows nothing.
type Notice struct{ Kind, Text string }

// Problem is an error in words: what happened, and one way on.
type Problem struct {
	Status            int
	Heading, Sentence string
	Link, LinkText    string // "" for none
	RequestID         string // what to quote when asking for help
}

// Provider is a way to sign in that is not a password. Name is google, github, twitter, apple or
// oidc; Label is what people call it.
type Provider struct{ Name, Label string }

// Mail is one message that would have gone out.
type Mail struct {
	To, Subject, Text string
	At                time.Time
}

// DevMail is what /dev/mail shows, newest first.
type DevMail struct{ Mails []Mail }
