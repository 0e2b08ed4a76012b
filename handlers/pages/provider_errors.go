package pages

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/oauth"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// failures are what goes wrong with a provider, by the word in the address of the page that says so. The
// first that fits is told.
var failures = []struct {
	word string
	err  error
}{
	{"state", oauth.ErrState}, {"denied", oauth.ErrDenied}, {"unavailable", oauth.ErrUnavailable}, {"limited", oauth.ErrLimited},
	{"token", oauth.ErrToken}, {"provider", oauth.ErrProvider}, {"taken", account.ErrIdentityTaken},
	{"closed", account.ErrDisabled}, {"another", account.ErrAnotherIdentity},
}

// providerFailed leads to the page that says what went wrong. Errors of ours are answered as such.
func (p *Pages) providerFailed(c *fiber.Ctx, provider string, err error) error {
	for _, failure := range failures {
		if errors.Is(err, failure.err) {
			p.Accounts.RefusedProvider(c.UserContext(), p.Caller(c), provider, failure.word)
			p.Log.InfoContext(c.UserContext(), "provider sign-in failed", "provider", provider, "why", failure.word, "err", err)
			return web.Redirect(c, "/auth/error?why="+failure.word+"&provider="+url.QueryEscape(provider))
		}
	}
	return err
}

// ProviderErrorPage says in words what went wrong with a provider, and the way out.
func (p *Pages) ProviderErrorPage(c *fiber.Ctx) error {
	problem := views.Problem{Status: fiber.StatusBadRequest, Heading: "That sign-in did not work", Link: "/sign-in", LinkText: "Back to sign in"}
	if _, signedIn := web.Current(c); signedIn {
		problem.Heading, problem.Link, problem.LinkText = "That did not work", "/profile#identities", "Back to your profile"
	}
	problem.RequestID = web.RequestID(c)
	label := "the provider"
	for _, button := range p.providers() {
		if button.Name == c.Query("provider") {
			label = button.Label
		}
	}
	problem.Sentence = map[string]string{
		"state":       "It was begun in another browser, or too long ago, or it has been used. Begin again here.",
		"denied":      "You did not let " + label + " tell us who you are. Nothing has changed.",
		"unavailable": "We could not reach " + label + ". Try again in a moment, or sign in another way.",
		"limited":     "More people are signing in with " + label + " than it lets us ask about. Try again in a few minutes, or sign in another way.",
		"token":       "What " + label + " told us could not be verified. Begin again here.",
		"provider":    "We got an answer from " + label + " that we could not use. Begin again, or sign in another way.",
		"taken":       "That identity already signs in another account here. Sign in with it there, or disconnect it first.",
		"another":     "That identity does not sign in this account. Confirm with one that does.",
		"closed":      "This account is closed. Ask the people who run this site.",
	}[c.Query("why")]
	if problem.Sentence == "" {
		problem.Sentence = "Begin again here."
	}
	return web.Render(c, problem.Status, views.ErrorPage(p.Page(c, problem.Heading), problem))
}
