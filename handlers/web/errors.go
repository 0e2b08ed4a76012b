package web

import (
	"errors"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/limit"
	"gatehouse/app/session"
	"gatehouse/models"
	"gatehouse/views"
)

var (
	errPanic       = errors.New("handlers: panic")
	errCrossOrigin = errors.New("handlers: a write from another site")
)

// Answer turns any error into a status and a sentence, or the way to sign in. The error's own text
// never reaches a visitor.
func (s *Site) Answer(c *fiber.Ctx, err error) error {
	if errors.Is(err, session.ErrEnded) {
		return s.Redirect(c, SignInAt("ended", s.comeBackTo(c)))
	}
	refused := RequestID(c) == "" // too large, or hardly HTTP: before our middleware saw it
	if refused && errors.Is(err, fiber.ErrRequestEntityTooLarge) {
		drain(c.Context().Conn())
		if err = s.mayUpload(&c.Request().Header); err == nil { // it may again by now
			err = limit.Exceeded{Wait: time.Second}
		}
	}
	if errors.Is(err, session.ErrNone) { // a picture, and whoever sends it is not signed in
		return s.Redirect(c, "/sign-in?next="+url.QueryEscape(s.base.To("/profile")))
	}
	problem := s.Problem(c, err)
	problem.RequestID = RequestID(c)
	if refused {
		problem.RequestID = s.setRequestID(c)
		if s.Limits.TryClient(c.UserContext(), account.LoggedRule, s.ClientIP(c)) == nil {
			s.Log.InfoContext(c.UserContext(), "request refused", "id", problem.RequestID, "status", problem.Status)
		}
	}
	if problem.Status >= 500 {
		s.Log.WarnContext(c.UserContext(), "could not answer", "id", problem.RequestID, "err", err)
	}
	if problem.Status == fiber.StatusServiceUnavailable && len(c.Response().Header.Peek(fiber.HeaderRetryAfter)) == 0 {
		c.Set(fiber.HeaderRetryAfter, "2")
	}
	s.loadUserForError(c)
	if HTMX(c) { // into the form that was sent, beside what was typed
		c.Set("HX-Retarget", "find .problem")
		c.Set("HX-Reswap", "innerHTML")
	}
	page := s.Page(c, problem.Heading)
	if err := s.RenderForm(c, problem.Status, views.Error(problem), views.ErrorPage(page, problem)); err != nil {
		return c.Status(fiber.StatusInternalServerError).SendString(Say(c, "error.unrendered"))
	}
	return nil
}

// loadUserForError notes who is asking where no route did: their menu is on the page of an error, too.
func (s *Site) loadUserForError(c *fiber.Ctx) {
	text := c.Cookies(s.CookieName(AccessCookie))
	if _, signedIn := Current(c); signedIn || text == "" {
		return
	}
	if access, err := s.Sessions.Resume(c.UserContext(), text); err == nil {
		c.Locals(currentKey, access)
	}
}

// The codes of what the site itself refuses. Each has a heading and a sentence in the catalogue, "problem." and
// "error." and the code.
const (
	codeRateLimited         = account.CodeRateLimited
	codeBusy                = account.CodeBusy
	codeCrossSite           = "cross_site"
	codeUnavailable         = "unavailable"
	codeUnavailableSignedIn = "unavailable_signed_in"
	codeTryAgain            = "try_again"
	codeNotFound            = "not_found"
	codeMethodNotAllowed    = "method_not_allowed"
	codeTooLarge            = "too_large"
	codeUnsupported         = "unsupported_media_type"
	codeInvalidRequest      = "invalid_request"
	codeInternal            = "internal"
)

// Problem words an error: what happened, and one way on. It sets Retry-After where a limit was met.
func (s *Site) Problem(c *fiber.Ctx, err error) views.Problem {
	status, code := s.problemOf(c, err)
	retryAfter(c, err)
	refused := &account.Error{Code: code}
	problem := views.Problem{Status: status, Heading: Say(c, "problem."+code), Link: "/", LinkText: Say(c, "link.home")}
	switch code {
	case codeRateLimited:
		refused = account.Refused(err)
		problem.Link, problem.LinkText = "/sign-in", Say(c, "link.back_to_sign_in")
	case codeCrossSite:
		problem.LinkText = Say(c, "link.start_again")
	}
	problem.Sentence = SayError(c, refused)
	return problem
}

func (s *Site) problemOf(c *fiber.Ctx, err error) (status int, code string) {
	var exceeded limit.Exceeded
	var asked *fiber.Error
	switch {
	case errors.As(err, &exceeded):
		return fiber.StatusTooManyRequests, codeRateLimited
	case errors.Is(err, errCrossOrigin):
		return fiber.StatusForbidden, codeCrossSite
	case errors.Is(err, account.ErrBusy):
		return fiber.StatusServiceUnavailable, codeBusy
	case errors.Is(err, session.ErrUnavailable), models.Unavailable(err):
		if c.Cookies(s.CookieName(RefreshCookie)) == "" {
			return fiber.StatusServiceUnavailable, codeUnavailable
		}
		return fiber.StatusServiceUnavailable, codeUnavailableSignedIn
	case errors.Is(err, models.ErrNotFound):
		return fiber.StatusNotFound, codeNotFound
	case errors.As(err, &asked):
		return askedOf(asked.Code)
	}
	return fiber.StatusInternalServerError, codeInternal
}

// askedOf is for what the server itself refuses: a route, a method, a size.
func askedOf(status int) (int, string) {
	switch status {
	case fiber.StatusNotFound:
		return status, codeNotFound
	case fiber.StatusMethodNotAllowed:
		return status, codeMethodNotAllowed
	case fiber.StatusRequestEntityTooLarge:
		return status, codeTooLarge
	case fiber.StatusUnsupportedMediaType:
		return status, codeUnsupported
	case fiber.StatusServiceUnavailable:
		return status, codeTryAgain
	}
	if status < 400 || status >= 500 {
		status = fiber.StatusBadRequest
	}
	return status, codeInvalidRequest
}
