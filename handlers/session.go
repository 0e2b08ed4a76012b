package handlers

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
	"gatehouse/models"
)

// enter is where every way in ends: a new session under a new id, the old one of this browser over.
func (h *Handlers) enter(c *fiber.Ctx, user models.User, how session.Arrival, kind, to string) error {
	how.Client, how.IP = clientName(c), h.clientIP(c).String()
	pair, err := h.Sessions.Start(c.UserContext(), user, how)
	if err != nil {
		return err
	}
	if err := h.stillWelcome(c, user, pair.Session.ID); err != nil {
		return err
	}
	if before, signedIn := current(c); signedIn {
		if err := h.Sessions.End(c.UserContext(), before.UserID, before.SessionID); err != nil {
			return err
		}
	}
	if user.Email != "" {
		if err := h.rememberDevice(c, user.Email); err != nil {
			return err
		}
	}
	h.setTokens(c, pair)
	h.record(c, models.Event{UserID: user.ID, SessionID: pair.Session.ID, Kind: kind, Detail: how.Provider})
	return redirect(c, next(to))
}

// stillWelcome reads the person again, now that the session is there: a reset, a disabling or a deletion
// has ended the sessions that it saw, and this one was on its way.
func (h *Handlers) stillWelcome(c *fiber.Ctx, proven models.User, session string) error {
	user, err := h.DB.Users.ByID(c.UserContext(), proven.ID)
	if err == nil && user.PasswordHash == proven.PasswordHash && user.DisabledAt == nil {
		if user.Claims().Equal(proven.Claims()) {
			return nil
		}
		return h.Sessions.Rewrite(c.UserContext(), user.ID, user.Claims())
	}
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	if err := h.Sessions.End(c.UserContext(), proven.ID, session); err != nil {
		return err
	}
	return errNoLonger
}

// reclaim has a person's sessions claim what was just changed of them. The change itself is kept: where the store
// does not answer, their tokens say the old until they change something again or sign in.
func (h *Handlers) reclaim(c *fiber.Ctx, user models.User) {
	if err := h.Sessions.Rewrite(c.UserContext(), user.ID, user.Claims()); err != nil {
		h.Log.WarnContext(c.UserContext(), "could not rewrite what sessions claim", "user", user.ID, "err", err)
	}
}

// signOut ends this session, everywhere, and has the browser forget what it keeps of us.
func (h *Handlers) signOut(c *fiber.Ctx) error {
	if access, signedIn := current(c); signedIn {
		if err := h.Sessions.End(c.UserContext(), access.UserID, access.SessionID); err != nil {
			return err
		}
		h.record(c, models.Event{UserID: access.UserID, SessionID: access.SessionID, Kind: models.EventSignedOut})
	}
	h.clearTokens(c)
	c.Set("Clear-Site-Data", `"cache", "storage"`)
	return redirect(c, "/sign-in?notice=signed-out")
}

// refresh trades the refresh token on request: the htmx element of every signed-in page asks before
// the access token expires. 204 with new cookies, 401 when the session is over, 503 when nobody
// knows.
func (h *Handlers) refresh(c *fiber.Ctx) error {
	if c.Cookies(h.cookie(refreshCookie)) == "" {
		return h.signedOut(c)
	}
	_, err := h.renew(c)
	if errors.Is(err, session.ErrForged) {
		if limited := h.takeClient(c, forgedRule); limited != nil {
			h.problem(c, limited) // sets Retry-After
			return c.SendStatus(fiber.StatusTooManyRequests)
		}
	}
	if errors.Is(err, session.ErrEnded) {
		h.clearTokens(c)
		return h.signedOut(c)
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
func (h *Handlers) signedOut(c *fiber.Ctx) error {
	if htmx(c) {
		c.Set("HX-Redirect", "/sign-in?notice=ended")
	}
	return unauthorized(c)
}

func unauthorized(c *fiber.Ctx) error {
	return c.Status(fiber.StatusUnauthorized).JSON(fiber.Map{"error": "signed_out"})
}

// session says who is signed in, from the access token alone: no I/O, nothing renewed, and nobody led away: a
// page asks it only to acknowledge its tokens.
func (h *Handlers) session(c *fiber.Ctx) error {
	access, err := h.Sessions.Resume(c.UserContext(), c.Cookies(h.cookie(accessCookie)))
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

// reused is told when a refresh token that was given up came back: two browsers hold one session,
// and it has just ended. The owner hears of it.
func (h *Handlers) reused(c *fiber.Ctx, ended models.Session) {
	h.Log.WarnContext(c.UserContext(), "refresh token reused", "user", ended.UserID, "session", ended.ID)
	h.record(c, models.Event{UserID: ended.UserID, SessionID: ended.ID, Kind: models.EventReuse, Detail: ended.Client})
	if err := h.Accounts.TellReuse(c.UserContext(), ended.UserID, ended.Client); err != nil {
		h.Log.WarnContext(c.UserContext(), "could not tell the owner of a reuse", "user", ended.UserID, "err", err)
	}
}

// refused is told when a refresh token got nothing. The log has a few of a client in a minute and the
// figures count all; the table has one an hour for a session, so that nobody can fill either with a cookie
// of theirs.
func (h *Handlers) refused(c *fiber.Ctx, over models.Session, why string) {
	event := models.Event{UserID: over.UserID, SessionID: over.ID, Kind: models.EventRefreshRefused, Detail: why}
	if h.takeClient(c, loggedRule) == nil {
		h.say(c, &event)
	}
	if over.UserID == "" || h.Limits.Take(c.UserContext(), refusedRule, over.ID) > 0 {
		return
	}
	h.attribute(c, &event)
	h.keep(c, event)
}

// record keeps a security event and writes it to the log. Failing to keep it does not undo what
// happened.
func (h *Handlers) record(c *fiber.Ctx, event models.Event) {
	h.say(c, &event)
	if event.UserID != "" {
		h.keep(c, event)
	}
}

// attribute adds to an event who did it and when.
func (h *Handlers) attribute(c *fiber.Ctx, event *models.Event) {
	event.IP, event.Client, event.At = h.clientIP(c).String(), clientName(c), h.Now()
}

// say attributes an event and writes it to the log.
func (h *Handlers) say(c *fiber.Ctx, event *models.Event) {
	h.attribute(c, event)
	h.Log.InfoContext(c.UserContext(), "security", "kind", event.Kind, "user", event.UserID, "session", event.SessionID,
		"ip", event.IP, "detail", event.Detail, "id", requestID(c))
}

func (h *Handlers) keep(c *fiber.Ctx, event models.Event) {
	err := h.DB.Events.Record(c.UserContext(), event)
	if err != nil && !errors.Is(err, models.ErrNotFound) { // a person who is gone has no events
		h.Log.WarnContext(c.UserContext(), "could not keep a security event", "kind", event.Kind, "err", err)
	}
}
