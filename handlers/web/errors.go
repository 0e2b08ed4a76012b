package web

import (
	"errors"
	"net/url"
	"strconv"
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
		return Redirect(c, SignInAt("ended", comeBackTo(c)))
	}
	refused := RequestID(c) == "" // too large, or hardly HTTP: before our middleware saw it
	if refused && errors.Is(err, fiber.ErrRequestEntityTooLarge) {
		drain(c.Context().Conn())
		if err = s.mayUpload(&c.Request().Header); err == nil { // it may again by now
			err = limit.Exceeded{Wait: time.Second}
		}
	}
	if errors.Is(err, session.ErrNone) { // a picture, and whoever sends it is not signed in
		return Redirect(c, "/sign-in?next="+url.QueryEscape("/profile"))
	}
	problem := s.Problem(c, err)
	problem.RequestID = RequestID(c)
	if refused {
		problem.RequestID = s.setRequestID(c)
		if s.Limits.TryClient(c.UserContext(), loggedRule, s.ClientIP(c)) == nil {
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
	if err := RenderForm(c, problem.Status, views.Error(problem), views.ErrorPage(page, problem)); err != nil {
		return c.Status(fiber.StatusInternalServerError).SendString("Something went wrong on our side.")
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

func (s *Site) Problem(c *fiber.Ctx, err error) views.Problem {
	var exceeded limit.Exceeded
	var asked *fiber.Error
	switch {
	case errors.As(err, &exceeded):
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds(exceeded.Wait)))
		return views.Problem{Status: 429, Heading: "Too many attempts", Sentence: limited(exceeded.Wait), Link: "/sign-in", LinkText: "Back to sign in"}
	case errors.Is(err, errCrossOrigin):
		return views.Problem{Status: 403, Heading: "This came from another site", Sentence: "Open the page here and try again.", Link: "/", LinkText: "Start again"}
	case errors.Is(err, account.ErrBusy):
		return unavailable("Many people are signing in at once. Try again in a moment.")
	case errors.Is(err, session.ErrUnavailable), models.Unavailable(err):
		if c.Cookies(s.CookieName(RefreshCookie)) == "" {
			return unavailable("A part of this site does not answer. Try again in a moment.")
		}
		return unavailable("A part of this site does not answer. You are still signed in. Try again in a moment.")
	case errors.Is(err, models.ErrNotFound):
		return notFound()
	case errors.As(err, &asked):
		return asks(asked.Code)
	}
	return views.Problem{Status: 500, Heading: "Something went wrong", Sentence: "This is not your doing. Try again in a moment.", Link: "/", LinkText: "Go to the start"}
}

func unavailable(sentence string) views.Problem {
	return views.Problem{Status: 503, Heading: "Not available right now", Sentence: sentence, Link: "/", LinkText: "Go to the start"}
}

func notFound() views.Problem {
	return views.Problem{Status: 404, Heading: "Nothing here", Sentence: "There is no page at this address.", Link: "/", LinkText: "Go to the start"}
}

// asks is for what the server itself refuses: a route, a method, a size.
func asks(status int) views.Problem {
	switch status {
	case fiber.StatusNotFound:
		return notFound()
	case fiber.StatusMethodNotAllowed:
		return views.Problem{Status: status, Heading: "Not this way", Sentence: "This address does not take that kind of request.", Link: "/", LinkText: "Go to the start"}
	case fiber.StatusRequestEntityTooLarge:
		return views.Problem{Status: status, Heading: "Too large", Sentence: "That is more than this form takes: a picture may have 3 MB, everything else a few pages of text.", Link: "/", LinkText: "Go to the start"}
	case fiber.StatusUnsupportedMediaType:
		return views.Problem{Status: status, Heading: "Not this way", Sentence: "Send the form as it is, not packed.", Link: "/", LinkText: "Go to the start"}
	case fiber.StatusServiceUnavailable:
		return unavailable("Try again in a moment.")
	}
	if status < 400 || status >= 500 {
		status = fiber.StatusBadRequest
	}
	return views.Problem{Status: status, Heading: "That did not make sense", Sentence: "The request was not one that this page understands.", Link: "/", LinkText: "Go to the start"}
}
