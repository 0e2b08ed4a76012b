package handlers

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// currentKey is where the middleware leaves who is asking.
const currentKey = "current"

// observe gives the request its headers and an id, and tells of it when it is answered.
func (h *Handlers) observe(c *fiber.Ctx) error {
	began, traced := time.Now(), h.traced(c)
	id := h.identify(c)
	if err := c.Next(); err != nil {
		_ = h.answer(c, err) // answers every error, and reports none of its own
	}
	answered := Answered{ID: id, Method: c.Method(), Route: c.Route().Path, Status: c.Response().StatusCode(), At: time.Now()}
	answered.Took = answered.At.Sub(began)
	answered.Unlogged = fromMemory(answered) && h.take(c, linesRule, "all") != nil
	if answered.Route == "/" && c.Path() != "/" {
		answered.Route = "none" // not the home page
	}
	h.Observe(answered)
	traced(answered.Route, answered.Status)
	return nil
}

// fromMemory is what costs less than its line in the log would.
func fromMemory(a Answered) bool {
	return a.Status < 500 && (a.Route == "/auth/session" || a.Route == "/static/*" || a.Route == "/favicon.ico")
}

// identify gives an answer the headers that all have, and the id that its page and the log show.
func (h *Handlers) identify(c *fiber.Ctx) string {
	id := rand.Text()
	h.headers.CopyTo(&c.Response().Header)
	c.Set(fiber.HeaderXRequestID, id)
	return id
}

func requestID(c *fiber.Ctx) string { return c.GetRespHeader(fiber.HeaderXRequestID) }

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
			h.Log.Error("panic", "id", requestID(c), "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return c.Next()
}

// plain refuses a packed body: the server would unpack it whole to read its form, and 400 KB of zeros
// are gigabytes. No browser packs a form.
func plain(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return fiber.ErrUnsupportedMediaType
	}
	return c.Next()
}

// posted reads a field of the form alone. What stands in the address is in logs and histories: no
// password is taken from there.
func posted(c *fasthttp.RequestCtx, name string) []byte {
	if value := c.PostArgs().Peek(name); len(value) > 0 {
		return value
	}
	form, err := c.MultipartForm()
	if err != nil || len(form.Value[name]) == 0 {
		return nil
	}
	return []byte(form.Value[name][0])
}

// contentPolicy ends with form-action, so that a page whose forms lead elsewhere can add to it.
const contentPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// hardened is what a browser may do with our pages. Scripts and styles come from us alone.
func hardened(https bool) *fasthttp.ResponseHeader {
	var all fasthttp.ResponseHeader
	all.Set("Content-Security-Policy", contentPolicy)
	all.Set("X-Content-Type-Options", "nosniff")
	all.Set("X-Frame-Options", "DENY")
	all.Set("Referrer-Policy", "same-origin")
	all.Set("Cross-Origin-Opener-Policy", "same-origin")
	all.Set("Cross-Origin-Resource-Policy", "same-origin")
	all.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	if https {
		all.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	all.Set(fiber.HeaderCacheControl, "no-store") // static files say otherwise
	all.Set(fiber.HeaderVary, "HX-Request")
	return &all
}

// sameOrigin refuses writes that another site's page makes a browser send, by the rules of
// net/http's CrossOriginProtection: Sec-Fetch-Site, then Origin against Host. Apple answers by a
// cross-site POST; its route holds only what the state in the browser's own cookie will prove.
func (h *Handlers) sameOrigin() fiber.Handler {
	protection := http.NewCrossOriginProtection()
	if h.Production { // a proxy may speak to us under another name
		if err := protection.AddTrustedOrigin(h.URL.String()); err != nil {
			return func(*fiber.Ctx) error { return err }
		}
	}
	return func(c *fiber.Ctx) error {
		switch c.Method() {
		case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
			return c.Next()
		}
		if c.Path() == appleCallback {
			return c.Next()
		}
		request := &http.Request{Method: c.Method(), Host: string(c.Request().Host()), URL: &url.URL{Path: c.Path()}, Header: http.Header{}}
		for _, name := range []string{"Sec-Fetch-Site", fiber.HeaderOrigin} {
			if value := c.Get(name); value != "" {
				request.Header.Set(name, value)
			}
		}
		if err := protection.Check(request); err != nil {
			return errCrossOrigin
		}
		return c.Next()
	}
}
