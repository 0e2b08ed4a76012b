// Package door answers other apps, and our own pages' scripts: who is signed in, and the next pair of tokens.
package door

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/handlers/web"
)

// Door is what these answers need.
type Door struct{ *web.Site }

// Refresh trades the refresh token on request: the htmx element of every signed-in page asks before
// the access token expires. 204 with new cookies, 401 when the session is over, 503 when nobody
// knows.
func (d *Door) Refresh(c *fiber.Ctx) error {
	if c.Cookies(d.CookieName(web.RefreshCookie)) == "" {
		return d.signedOut(c)
	}
	_, err := d.Rotate(c)
	if errors.Is(err, session.ErrForged) {
		if exceeded := d.Limits.TryClient(c.UserContext(), web.ForgedRule, d.ClientIP(c)); exceeded != nil {
			d.Problem(c, exceeded) // sets Retry-After
			return c.SendStatus(fiber.StatusTooManyRequests)
		}
	}
	if errors.Is(err, session.ErrEnded) {
		return d.signedOut(c) // the cookies stay: a late answer must not take a newer session's
	}
	if errors.Is(err, session.ErrUnavailable) { // nothing to show: the page asks again by itself
		c.Set(fiber.HeaderRetryAfter, "2")
		return c.SendStatus(fiber.StatusServiceUnavailable)
	}
	if err != nil {
		return err
	}
	c.Set("HX-Trigger", "refreshed") // and the page asks /auth/session: the successor has arrived
	return c.SendStatus(fiber.StatusNoContent)
}

// signedOut is 401; htmx is also told where to go.
func (d *Door) signedOut(c *fiber.Ctx) error {
	if web.HTMX(c) {
		c.Set("HX-Redirect", "/sign-in?notice=ended")
	}
	return unauthorized(c)
}

func unauthorized(c *fiber.Ctx) error {
	return c.Status(fiber.StatusUnauthorized).JSON(fiber.Map{"error": "signed_out"})
}

// Session says who is signed in, from the access token alone: no I/O, nothing renewed, and nobody led away. A page of
// ours asks it to acknowledge its tokens, with both cookies; another app that asks with one acknowledges nothing.
func (d *Door) Session(c *fiber.Ctx) error {
	access, err := d.Sessions.ResumeFor(c.UserContext(), c.Cookies(d.CookieName(web.AccessCookie)),
		c.Cookies(d.CookieName(web.RefreshCookie)))
	if err != nil {
		return unauthorized(c)
	}
	return c.JSON(signedIn{
		Subject: access.UserID, AMR: access.AMR, AuthTime: access.AuthTime.Unix(), ExpiresAt: access.ExpiresAt.Unix(),
		Roles: access.Roles, Name: access.Name, Email: access.Email, EmailVerified: access.EmailVerified,
		Picture: access.Picture,
	})
}

// signedIn is the answer of /auth/session: times in Unix seconds, and the claims that ACCESS_CLAIMS names.
type signedIn struct {
	Subject       string   `json:"sub"`
	AMR           []string `json:"amr"`
	AuthTime      int64    `json:"auth_time"`
	ExpiresAt     int64    `json:"expires_at"`
	Roles         []string `json:"roles"`
	Name          string   `json:"name,omitempty"`
	Email         string   `json:"email,omitempty"`
	EmailVerified bool     `json:"email_verified,omitempty"`
	Picture       string   `json:"picture,omitempty"`
}
