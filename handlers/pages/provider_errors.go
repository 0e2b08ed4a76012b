package pages

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/oauth"
	"gatehouse/app/words"
	"gatehouse/handlers/web"
	"gatehouse/views"
)

// failures are what goes wrong with a provider, by the word in the address of the page that says so. The
// first that fits is told.
var failures = []struct {
	word, key string
	err       error
}{
	{"state", "provider_error.state", oauth.ErrState}, {"denied", "provider_error.denied", oauth.ErrDenied},
	{"unavailable", "provider_error.unavailable", oauth.ErrUnavailable},
	{"limited", "provider_error.limited", oauth.ErrLimited}, {"token", "provider_error.token", oauth.ErrToken},
	{"provider", "provider_error.provider", oauth.ErrProvider},
	{"taken", "error.identity_taken", account.ErrIdentityTaken}, {"closed", "error.account_disabled", account.ErrDisabled},
	{"another", "error.another_identity", account.ErrAnotherIdentity},
}

// providerFailed leads to the page that says what went wrong. Errors of ours are answered as such.
func (p *Pages) providerFailed(c *fiber.Ctx, provider string, err error) error {
	for _, failure := range failures {
		if errors.Is(err, failure.err) {
			p.Accounts.RefusedProvider(c.UserContext(), p.Caller(c), provider, failure.word)
			p.Log.InfoContext(c.UserContext(), "provider sign-in failed", "provider", provider, "why", failure.word, "err", err)
			return p.Redirect(c, "/auth/error?why="+failure.word+"&provider="+url.QueryEscape(provider))
		}
	}
	return err
}

// ProviderErrorPage says in words what went wrong with a provider, and the way out.
func (p *Pages) ProviderErrorPage(c *fiber.Ctx) error {
	problem := views.Problem{Status: fiber.StatusBadRequest, Heading: web.Say(c, "provider_error.title"),
		Sentence: p.failure(c), Link: "/sign-in", LinkText: web.Say(c, "link.back_to_sign_in"), RequestID: web.RequestID(c)}
	if _, signedIn := web.Current(c); signedIn {
		problem.Heading = web.Say(c, "provider_error.title_signed_in")
		problem.Link, problem.LinkText = "/profile#identities", web.Say(c, "link.back_to_profile")
	}
	return p.Render(c, problem.Status, views.ErrorPage(p.Page(c, problem.Heading), problem))
}

// failure is the sentence that the words of the address stand for, with the provider by its label.
func (p *Pages) failure(c *fiber.Ctx) string {
	label := web.Say(c, "provider_error.the_provider")
	for _, button := range p.providers() {
		if button.Name == c.Query("provider") {
			label = button.Label
		}
	}
	for _, failure := range failures {
		if failure.word == c.Query("why") {
			return web.Say(c, failure.key, words.Args{"provider": label})
		}
	}
	return web.Say(c, "provider_error.other")
}
