package handlers

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/session"
)

// What the middleware leaves for the handlers.
const (
	requestIDKey = "request-id"
	currentKey   = "current"
)

const (
	bodyLimit    = 3 << 20 // a profile picture and its form
	requestLimit = 15 * time.Second
)

// observe gives the request an id, and writes one line about it when it is answered: the route's
// pattern, never the address, which can hold a code.
func (h *Handlers) observe(c *fiber.Ctx) error {
	began, id, traced := time.Now(), identify(c), h.traced(c)
	if err := c.Next(); err != nil {
		_ = h.answer(c, err) // answers every error, and reports none of its own
	}
	took, status, route := time.Since(began), c.Response().StatusCode(), c.Route().Path
	h.Observe(route, c.Method(), status, took)
	traced(route, status)
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelWarn
	}
	h.Log.LogAttrs(c.UserContext(), level, "request", slog.String("id", id), slog.String("method", c.Method()),
		slog.String("route", route), slog.Int("status", status), slog.Duration("took", took))
	return nil
}

// identify gives a request the id that its page and the log show.
func identify(c *fiber.Ctx) string {
	id := rand.Text()
	c.Locals(requestIDKey, id)
	c.Set(fiber.HeaderXRequestID, id)
	return id
}

// traced begins the request's span, and returns what ends it.
func (h *Handlers) traced(c *fiber.Ctx) func(route string, status int) {
	if h.Trace == nil {
		return func(string, int) {}
	}
	ctx, end := h.Trace(c.UserContext(), c.Method(), func(name string) string { return c.Get(name) })
	c.SetUserContext(ctx)
	return end
}

// recovered turns a panic into an error page with the request id; the stack goes to the log.
func (h *Handlers) recovered(c *fiber.Ctx) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			h.Log.Error("panic", "id", c.Locals(requestIDKey), "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return c.Next()
}

// bounded gives every request an end.
func (h *Handlers) bounded(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), requestLimit)
	defer cancel()
	c.SetUserContext(session.Bounded(ctx))
	return c.Next()
}

func (h *Handlers) headers(c *fiber.Ctx) error {
	h.harden(c)
	return c.Next()
}

// harden says what a browser may do with our pages. Scripts and styles come from us alone.
func (h *Handlers) harden(c *fiber.Ctx) {
	c.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("X-Frame-Options", "DENY")
	c.Set("Referrer-Policy", "same-origin")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	if h.URL.Scheme == "https" {
		c.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	c.Set(fiber.HeaderCacheControl, "no-store") // static files say otherwise
	c.Set(fiber.HeaderVary, "HX-Request")
}

// sameOrigin refuses writes that another site's page makes a browser send, by the rules of
// net/http's CrossOriginProtection: Sec-Fetch-Site, then Origin against Host. Apple answers by a
// cross-site POST; its route holds only what the state in the browser's own cookie will prove.
func (h *Handlers) sameOrigin(c *fiber.Ctx) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return c.Next()
	}
	if c.Path() == appleCallback {
		return c.Next()
	}
	request := &http.Request{Method: c.Method(), Host: string(c.Request().Host()), URL: &url.URL{Path: c.Path()}, Header: http.Header{}}
	request.Header.Set("Sec-Fetch-Site", c.Get("Sec-Fetch-Site"))
	request.Header.Set("Origin", c.Get(fiber.HeaderOrigin))
	protection := http.NewCrossOriginProtection()
	if h.Production { // a proxy may speak to us under another name
		if err := protection.AddTrustedOrigin(h.URL.String()); err != nil {
			return err
		}
	}
	if err := protection.Check(request); err != nil {
		return errCrossOrigin
	}
	return c.Next()
}
