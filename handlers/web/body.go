package web

import (
	"bytes"
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"gatehouse/app/limit"
	"gatehouse/app/session"
)

// WithTimeout gives every request an end.
func (s *Site) WithTimeout(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), requestLimit)
	defer cancel()
	c.SetUserContext(session.Bounded(ctx))
	return c.Next()
}

// LimitFields refuses a form of many fields before it is taken apart: each costs twenty times its bytes.
func LimitFields(c *fiber.Ctx) error {
	request := c.Request()
	if bytes.HasPrefix(request.Header.ContentType(), []byte(fiber.MIMEApplicationForm)) {
		if bytes.Count(request.Body(), []byte("&")) >= FieldLimit {
			return fiber.ErrBadRequest
		}
		return c.Next()
	}
	if form, err := request.MultipartForm(); err == nil {
		count := 0
		for _, values := range form.Value {
			count += len(values)
		}
		for _, files := range form.File {
			count += len(files)
		}
		if count > FieldLimit {
			return fiber.ErrBadRequest
		}
	}
	return c.Next()
}

// BodyLimit is asked for each request once its header is there, before its body.
func (s *Site) BodyLimit(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	config := fasthttp.RequestConfig{MaxRequestBodySize: FormLimit}
	if header.ContentLength() > FormLimit && s.mayUpload(header) == nil {
		config.MaxRequestBodySize = PictureLimit
	}
	return config
}

// mayUpload reports whether a body larger than a form may come: to the routes that take a picture, from
// someone who carries a token that we signed, a few at a time. session.ErrNone, TooMany, or
// fiber.ErrRequestEntityTooLarge.
func (s *Site) mayUpload(header *fasthttp.RequestHeader) error {
	path, _, _ := strings.Cut(string(header.RequestURI()), "?")
	if !header.IsPost() || !s.uploads[path] || header.ContentLength() > PictureLimit ||
		!bytes.HasPrefix(header.ContentType(), []byte(fiber.MIMEMultipartForm)) {
		return fiber.ErrRequestEntityTooLarge
	}
	person, err := s.Sessions.Carries(string(header.Cookie(s.CookieName(AccessCookie))),
		string(header.Cookie(s.CookieName(RefreshCookie))))
	if err != nil {
		return err
	}
	wait := s.Limits.Take(context.Background(), UploadRule, person)
	if wait == 0 {
		wait = s.Limits.Take(context.Background(), picturesRule, "all")
	}
	if wait > 0 {
		return limit.Exceeded{Wait: wait}
	}
	return nil
}

// RejectEncodedBody refuses a packed body: the server would unpack it whole to read its form, and 400 KB of zeros
// are gigabytes. No browser packs a form.
func RejectEncodedBody(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return fiber.ErrUnsupportedMediaType
	}
	return c.Next()
}

// BodyFormValue reads a field of the form alone. What stands in the address is in logs and histories: no
// password is taken from there.
func BodyFormValue(c *fasthttp.RequestCtx, name string) []byte {
	if value := c.PostArgs().Peek(name); len(value) > 0 {
		return value
	}
	form, err := c.MultipartForm()
	if err != nil || len(form.Value[name]) == 0 {
		return nil
	}
	return []byte(form.Value[name][0])
}
