package web

import (
	"crypto/rand"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
)

// currentKey is where the middleware leaves who is asking.
const currentKey = "current"

// AccessLog gives the request its headers and an id, and tells of it when it is answered.
func (s *Site) AccessLog(c *fiber.Ctx) error {
	began, traced := time.Now(), s.traced(c)
	id := s.setRequestID(c)
	if err := c.Next(); err != nil {
		_ = s.Answer(c, err) // answers every error, and reports none of its own
	}
	s.packPage(c)
	answered := Answered{ID: id, Method: c.Method(), Route: c.Route().Path, Status: c.Response().StatusCode(),
		At: time.Now()}
	answered.Took = answered.At.Sub(began)
	answered.Unlogged = answered.Status < 500 && s.inMemory[answered.Route] && !s.Limits.Sample(linesRule)
	if answered.Route == "/" && c.Path() != "/" {
		answered.Route = "none" // not the home page
	}
	s.Observe(answered)
	traced(answered.Route, answered.Status)
	return nil
}

// setRequestID gives an answer the headers that all have, and the id that its page and the log show.
func (s *Site) setRequestID(c *fiber.Ctx) string {
	id := rand.Text()
	s.headers.CopyTo(&c.Response().Header)
	c.Set(fiber.HeaderXRequestID, id)
	return id
}

// RequestID is what an answer's page and the log show.
func RequestID(c *fiber.Ctx) string { return c.GetRespHeader(fiber.HeaderXRequestID) }

// traced begins the request's span, and returns what ends it.
func (s *Site) traced(c *fiber.Ctx) Traced {
	if s.Trace == nil {
		return func(string, int) {}
	}
	ctx, end := s.Trace(c.UserContext(), c.Method(), func(name string) string { return c.Get(name) })
	c.SetUserContext(ctx)
	return end
}

// Recover turns a panic into an error page with the request id; the stack goes to the log.
func (s *Site) Recover(c *fiber.Ctx) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			s.Log.Error("panic", "id", RequestID(c), "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return c.Next()
}
