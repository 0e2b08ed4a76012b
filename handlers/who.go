package handlers

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/app/token"
)

// known lets everyone in and notes who it is. While the store is down nobody can be told apart from
// a guest: pages that only greet are shown as to a guest, and no cookie is touched.
func (h *Handlers) known(c *fiber.Ctx) error {
	err := h.resume(c)
	greets := c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead
	switch {
	case errors.Is(err, session.ErrEnded):
		h.clearTokens(c)
		return c.Next()
	case err == nil, errors.Is(err, session.ErrNone), greets && errors.Is(err, session.ErrUnavailable):
		return c.Next()
	}
	return err
}

// certain is known where nobody may be taken for a guest: while the store is down, whoever carries
// a session gets 503. Connecting an identity as a guest would make another account.
func (h *Handlers) certain(c *fiber.Ctx) error {
	err := h.resume(c)
	if err == nil || errors.Is(err, session.ErrNone) || errors.Is(err, session.ErrEnded) {
		return c.Next()
	}
	return err
}

// guests sends those who are signed in to where they were going.
func (h *Handlers) guests(c *fiber.Ctx) error {
	err := h.resume(c)
	if err == nil {
		return redirect(c, next(c.Query("next", c.FormValue("next"))))
	}
	if errors.Is(err, session.ErrEnded) {
		h.clearTokens(c)
	}
	return c.Next()
}

// users asks those who are not signed in to do so, and brings them back afterwards. The cookies of a
// session that ended are left to the sign-in page: by then another tab may have brought newer ones.
func (h *Handlers) users(c *fiber.Ctx) error {
	err := h.resume(c)
	if errors.Is(err, session.ErrNone) {
		return redirect(c, "/sign-in?next="+url.QueryEscape(asked(c)))
	}
	if err != nil {
		return err
	}
	return c.Next()
}

// asked is the page to come back to after signing in: for a form, the page it stands on.
func asked(c *fiber.Ctx) string {
	switch {
	case c.Method() == fiber.MethodGet:
		return c.OriginalURL()
	case ownRoute(c.Path()), c.Path() == "/profile/picture":
		return "/profile"
	}
	return c.Path()
}

// resume finds out who is asking. An access token that is missing or expired is renewed from the
// refresh token here, inside the request, so a page, a fragment or a posted form just works.
func (h *Handlers) resume(c *fiber.Ctx) error {
	current, err := h.Sessions.Resume(c.UserContext(), c.Cookies(h.cookie(accessCookie)))
	if errors.Is(err, session.ErrNone) {
		if c.Cookies(h.cookie(refreshCookie)) == "" {
			return err
		}
		current, err = h.renew(c)
	}
	if err == nil {
		c.Locals(currentKey, current)
	}
	return err
}

// renew trades the refresh token and hands the browser its next pair.
func (h *Handlers) renew(c *fiber.Ctx) (token.Access, error) {
	pair, err := h.Sessions.Refresh(c.UserContext(), c.Cookies(h.cookie(refreshCookie)))
	switch {
	case errors.Is(err, session.ErrReused):
		h.reused(c, pair.Session)
	case errors.Is(err, session.ErrForged):
		h.refused(c, pair.Session, "forged")
	case errors.Is(err, session.ErrEnded):
		h.refused(c, pair.Session, "ended")
	}
	if err != nil {
		return token.Access{}, err
	}
	h.setTokens(c, pair)
	return pair.Current, nil
}

// current is who is asking, behind users or known.
func current(c *fiber.Ctx) (token.Access, bool) {
	access, signedIn := c.Locals(currentKey).(token.Access)
	return access, signedIn
}
