package web

import (
	"errors"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/app/token"
)

// OptionalUser lets everyone in and notes who it is. While the store is down nobody can be told apart from
// a guest: pages that only greet are shown as to a guest. No cookie is touched, also where a session has ended: by
// then another tab may have brought newer ones.
func (s *Site) OptionalUser(c *fiber.Ctx) error {
	err := s.Resume(c)
	greets := c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead
	switch {
	case err == nil, errors.Is(err, session.ErrNone), errors.Is(err, session.ErrEnded), greets &&
		errors.Is(err, session.ErrUnavailable):
		return c.Next()
	}
	return err
}

// OptionalUserOrFail is OptionalUser where nobody may be taken for a guest: while the store is down, whoever carries
// a session gets 503. Connecting an identity as a guest would make another account.
func (s *Site) OptionalUserOrFail(c *fiber.Ctx) error {
	err := s.Resume(c)
	if err == nil || errors.Is(err, session.ErrNone) || errors.Is(err, session.ErrEnded) {
		return c.Next()
	}
	return err
}

// RequireGuest sends those who are signed in to where they were going. The sign-in page alone clears the cookies of
// a session that ended, of the very pair that it was shown: a late answer elsewhere would take a newer session's.
func (s *Site) RequireGuest(c *fiber.Ctx) error {
	err := s.Resume(c)
	if err == nil {
		return Leave(c, s.Next(c.Query("next", c.FormValue("next"))))
	}
	if errors.Is(err, session.ErrEnded) && c.Method() == fiber.MethodGet && c.Path() == "/sign-in" {
		s.ClearTokens(c)
	}
	return c.Next()
}

// RequireGuestOrFail is RequireGuest where nobody may be taken for one: while the store is down, whoever carries a
// session gets 503. A second account would be made for them.
func (s *Site) RequireGuestOrFail(c *fiber.Ctx) error {
	err := s.Resume(c)
	switch {
	case err == nil:
		return Leave(c, s.Next(c.Query("next")))
	case errors.Is(err, session.ErrNone), errors.Is(err, session.ErrEnded):
		return c.Next()
	}
	return err
}

// RequireUser asks those who are not signed in to do so, and brings them back afterwards. The cookies of a
// session that ended are left to the sign-in page: by then another tab may have brought newer ones.
func (s *Site) RequireUser(c *fiber.Ctx) error {
	err := s.Resume(c)
	if errors.Is(err, session.ErrNone) {
		return s.Redirect(c, "/sign-in?next="+url.QueryEscape(s.comeBackTo(c)))
	}
	if err != nil {
		return err
	}
	return c.Next()
}

// comeBackTo is the page to come back to after signing in: for a form, the page it stands on.
func (s *Site) comeBackTo(c *fiber.Ctx) string {
	switch {
	case c.Method() == fiber.MethodGet:
		return c.OriginalURL()
	case leadsToAuth(c.Path()), strings.HasPrefix(c.Path(), "/profile/"):
		return s.base.To("/profile")
	}
	return s.base.To(c.Path())
}

// Resume finds out who is asking. An access token that is missing or expired is renewed from the
// refresh token here, inside the request, so a page, a fragment or a posted form just works.
func (s *Site) Resume(c *fiber.Ctx) error {
	current, err := s.Sessions.Resume(c.UserContext(), c.Cookies(s.CookieName(AccessCookie)))
	if errors.Is(err, session.ErrNone) {
		if c.Cookies(s.CookieName(RefreshCookie)) == "" {
			return err
		}
		current, err = s.Rotate(c)
	}
	if err == nil {
		c.Locals(currentKey, current)
	}
	return err
}

// Current is who is asking, behind RequireUser or OptionalUser.
func Current(c *fiber.Ctx) (token.Access, bool) {
	access, signedIn := c.Locals(currentKey).(token.Access)
	return access, signedIn
}
