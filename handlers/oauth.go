package handlers

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/oauth"
	"gatehouse/app/session"
	"gatehouse/models"
	"gatehouse/views"
)

// appleCallback is where Apple posts its answer from its own site.
const appleCallback = "/auth/apple/callback"

const (
	flowLife = 10 * time.Minute
	formLife = time.Minute
)

// What a flow with a provider is for.
const (
	toSignIn  = "sign-in"
	toLink    = "link"
	toConfirm = "confirm"
)

// configured answers 404 for a provider that is none, or has no registration here.
func (h *Handlers) configured(c *fiber.Ctx) error {
	asked := c.Params("provider", "apple") // the one route without the parameter is Apple's
	if !slices.ContainsFunc(h.Providers.Names(), func(name oauth.Name) bool { return name.Provider == asked }) {
		return fiber.ErrNotFound
	}
	return c.Next()
}

// fromHere shows the sign-in page to whoever another site sends here: a link elsewhere must not sign a
// guest in by way of a session they have at the provider (login CSRF). They press the button themselves.
func (h *Handlers) fromHere(c *fiber.Ctx) error {
	if site := c.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return redirect(c, "/sign-in?next="+url.QueryEscape(next(c.Query("next"))))
	}
	return c.Next()
}

// certainGuests is guests where nobody may be taken for one: while the store is down, whoever carries a
// session gets 503. A second account would be made for them.
func (h *Handlers) certainGuests(c *fiber.Ctx) error {
	err := h.resume(c)
	switch {
	case err == nil:
		return redirect(c, next(c.Query("next")))
	case errors.Is(err, session.ErrNone), errors.Is(err, session.ErrEnded):
		return c.Next()
	}
	return err
}

// begin sends a guest to a provider, to sign in.
func (h *Handlers) begin(c *fiber.Ctx) error {
	return h.toProvider(c, oauth.Flow{Intent: toSignIn, Next: next(c.Query("next")), Remember: true})
}

// link sends someone signed in to a provider, to connect an identity. It begins with a POST, which other
// sites cannot send (CSRF): a link elsewhere could connect an account of its choice.
func (h *Handlers) link(c *fiber.Ctx) error {
	access, _ := current(c)
	if !h.recent(access) {
		return redirect(c, "/confirm?next="+url.QueryEscape("/profile#identities"))
	}
	return h.toProvider(c, oauth.Flow{Intent: toLink, UserID: access.UserID, SessionID: access.SessionID, Remember: true})
}

// confirmAtProvider is the way to show again who one is (step-up) with an identity. The provider is asked
// to see the person, not a session of its own.
func (h *Handlers) confirmAtProvider(c *fiber.Ctx) error {
	access, _ := current(c)
	return h.toProvider(c, oauth.Flow{Intent: toConfirm, UserID: access.UserID, SessionID: access.SessionID,
		Next: next(c.FormValue("next")), Remember: true, Fresh: true})
}

func (h *Handlers) toProvider(c *fiber.Ctx, flow oauth.Flow) error {
	to, flow, err := h.Providers.Begin(c.UserContext(), c.Params("provider"), flow)
	if err != nil {
		return h.oauthFailed(c, c.Params("provider"), err)
	}
	if err := h.sealCookie(c, oauthCookie, flow, flowLife); err != nil {
		return err
	}
	return redirect(c, to)
}

// leadsToProviders lets the forms of a page lead to the configured providers: a browser applies the
// page's form-action to the redirect that answers the form, too.
func (h *Handlers) leadsToProviders(c *fiber.Ctx) {
	if origins := h.Providers.Origins(c.UserContext()); len(origins) > 0 {
		c.Set(fiber.HeaderContentSecurityPolicy, contentPolicy+" "+strings.Join(origins, " "))
	}
}

// appleForm takes Apple's cross-site POST, which comes without our cookies: the form is sealed into
// a one-minute value and brought back by a GET, where the flow cookie is there to be checked.
func (h *Handlers) appleForm(c *fiber.Ctx) error {
	form := url.Values{}
	for _, name := range []string{"code", "state", "error", "user"} {
		if value := c.FormValue(name); value != "" {
			form.Set(name, value)
		}
	}
	if len(form.Encode()) > 4000 {
		return fiber.ErrBadRequest
	}
	sealed, err := h.Keys.Seal("apple form", form, formLife)
	if err != nil {
		return err
	}
	return redirect(c, appleCallback+"?form="+sealed)
}

// finish takes a provider's answer. The flow cookie is cleared first and its state spent, so an
// answer works once, in the browser that asked.
func (h *Handlers) finish(c *fiber.Ctx) error {
	provider := c.Params("provider")
	var flow oauth.Flow
	unknown := h.openCookie(c, oauthCookie, &flow)
	h.clearCookie(c, oauthCookie)
	if unknown != nil {
		return h.oauthFailed(c, provider, oauth.ErrState)
	}
	answer, err := h.oauthAnswer(c, provider)
	if err != nil {
		return h.oauthFailed(c, provider, err)
	}
	if access, _ := current(c); access.UserID != flow.UserID || flow.Intent == toLink && access.SessionID != flow.SessionID {
		if flow.Intent != toSignIn {
			return h.oauthFailed(c, provider, oauth.ErrState)
		}
	}
	if err := h.DB.Codes.Spend(c.UserContext(), "state "+fingerprint(flow.State), h.Now(), flowLife); err != nil {
		if errors.Is(err, models.ErrTaken) {
			err = oauth.ErrState
		}
		return h.oauthFailed(c, provider, err)
	}
	identity, err := h.Providers.Finish(c.UserContext(), provider, flow, answer)
	if err != nil {
		return h.oauthFailed(c, provider, err)
	}
	if err := h.arrive(c, flow, identity); err != nil {
		return h.oauthFailed(c, provider, err)
	}
	return nil
}

// oauthAnswer reads a provider's answer from the address: parameters that we know, and no others.
func (h *Handlers) oauthAnswer(c *fiber.Ctx, provider string) (url.Values, error) {
	answer := url.Values{}
	if sealed := c.Query("form"); provider == "apple" && sealed != "" {
		if err := h.Keys.Open("apple form", sealed, &answer); err != nil {
			return nil, oauth.ErrState
		}
		return answer, nil
	}
	for _, name := range []string{"code", "state", "error", "iss"} {
		for _, value := range c.Request().URI().QueryArgs().PeekMulti(name) { // all of them: twice is refused
			answer.Add(name, string(value))
		}
	}
	return answer, nil
}

// arrive does what the flow was for.
func (h *Handlers) arrive(c *fiber.Ctx, flow oauth.Flow, identity models.Identity) error {
	how := session.Arrival{Remember: flow.Remember, AMR: []string{"fed"}, Provider: identity.Provider}
	if flow.Intent == toSignIn {
		user, fresh, joined, err := h.Accounts.Welcome(c.UserContext(), identity)
		if err != nil {
			return err
		}
		if joined {
			h.record(c, models.Event{UserID: user.ID, Kind: models.EventLinked, Detail: identity.Provider})
		}
		kind := models.EventSignedIn
		if fresh {
			kind = models.EventSignedUp
		}
		return h.enter(c, user, how, kind, flow.Next)
	}
	user, err := h.me(c)
	if err != nil {
		return err
	}
	if flow.Intent == toConfirm {
		return h.confirmedBy(c, user, identity, flow.Next)
	}
	if err := h.Accounts.Link(c.UserContext(), user, identity); err != nil {
		return err
	}
	h.record(c, models.Event{UserID: user.ID, SessionID: flow.SessionID, Kind: models.EventLinked, Detail: identity.Provider})
	return redirect(c, "/profile?notice=linked")
}

// failures are what goes wrong with a provider, by the word in the address of the page that says so. The
// first that fits is told.
var failures = []struct {
	word string
	err  error
}{
	{"state", oauth.ErrState}, {"denied", oauth.ErrDenied}, {"unavailable", oauth.ErrUnavailable}, {"limited", oauth.ErrLimited},
	{"token", oauth.ErrToken}, {"provider", oauth.ErrProvider}, {"taken", account.ErrIdentityTaken},
	{"closed", account.ErrDisabled}, {"another", errAnotherIdentity},
}

// oauthFailed leads to the page that says what went wrong. Errors of ours are answered as such.
func (h *Handlers) oauthFailed(c *fiber.Ctx, provider string, err error) error {
	for _, failure := range failures {
		if errors.Is(err, failure.err) {
			h.record(c, models.Event{Kind: models.EventSignInFailed, Detail: provider + " " + failure.word})
			h.Log.InfoContext(c.UserContext(), "provider sign-in failed", "provider", provider, "why", failure.word, "err", err)
			return redirect(c, "/auth/error?why="+failure.word+"&provider="+url.QueryEscape(provider))
		}
	}
	return err
}

// authError says in words what went wrong with a provider, and the way out.
func (h *Handlers) authError(c *fiber.Ctx) error {
	problem := views.Problem{Status: fiber.StatusBadRequest, Heading: "That sign-in did not work", Link: "/sign-in", LinkText: "Back to sign in"}
	if _, signedIn := current(c); signedIn {
		problem.Heading, problem.Link, problem.LinkText = "That did not work", "/profile#identities", "Back to your profile"
	}
	problem.RequestID = requestID(c)
	label := "the provider"
	for _, button := range h.providers() {
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
	return render(c, problem.Status, views.ErrorPage(h.page(c, problem.Heading), problem))
}
