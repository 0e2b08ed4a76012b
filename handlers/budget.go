package handlers

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"gatehouse/app/session"
)

// The most that the body of a request may hold. It is judged by its Content-Length, before a byte of it is
// read: memory that a stranger makes us take is how a server dies (denial of service).
const (
	formLimit    = 16 << 10
	pictureLimit = 3 << 20 // a profile picture and its form, for whoever carries a token of ours
	fieldLimit   = 64
	requestLimit = 15 * time.Second
)

// picturesRule bounds the pictures that are read at once by this process: each is there within the ten
// seconds that a request may take to arrive.
var picturesRule = rule{Name: "pictures", Rate: 16, Per: 10 * time.Second, Burst: 16, Local: true}

// budget is the most that one request of a route may cost. Every route in the table names all of it, and a
// test holds that; docs/operations.md adds it up for a connection, a client, an account and a recipient.
type budget struct {
	body   int           // bytes
	fields int           // of a form
	within time.Duration // until the handler gives up; 0 where it asks nobody
	rates  []rule        // per client, or per person
}

// What each route of the table costs at the most.
var (
	// inMemory answers from this process's memory: it asks nobody, so the machine is its rate.
	inMemory = budget{body: formLimit, fields: fieldLimit}
	// operating is for the people who run it, kept from the outside by the proxies.
	operating = budget{body: formLimit, fields: fieldLimit, within: readyWithin}
	reading   = budget{body: formLimit, fields: fieldLimit, within: requestLimit, rates: []rule{anyRule}}
)

// writing is a form, with the rates that stand on its line.
func writing(rates ...rule) budget {
	return budget{body: formLimit, fields: fieldLimit, within: requestLimit, rates: append(rates, anyRule)}
}

// picturing is the form that may carry a picture.
func picturing(rates ...rule) budget {
	b := writing(append(rates, pictureRule, uploadRule, picturesRule)...)
	b.body = pictureLimit
	return b
}

// bounded gives every request an end.
func (h *Handlers) bounded(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), requestLimit)
	defer cancel()
	c.SetUserContext(session.Bounded(ctx))
	return c.Next()
}

// fewFields refuses a form of many fields before it is taken apart: each costs twenty times its bytes.
func fewFields(c *fiber.Ctx) error {
	request := c.Request()
	if bytes.HasPrefix(request.Header.ContentType(), []byte(fiber.MIMEApplicationForm)) {
		if bytes.Count(request.Body(), []byte("&")) >= fieldLimit {
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
		if count > fieldLimit {
			return fiber.ErrBadRequest
		}
	}
	return c.Next()
}

// bodyLimit is asked for each request once its header is there, before its body.
func (h *Handlers) bodyLimit(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	config := fasthttp.RequestConfig{MaxRequestBodySize: formLimit}
	if header.ContentLength() > formLimit && h.mayUpload(header) == nil {
		config.MaxRequestBodySize = pictureLimit
	}
	return config
}

// mayUpload reports whether a body larger than a form may come: to the routes that take a picture, from
// someone who carries a token that we signed, a few at a time. session.ErrNone, tooMany, or
// fiber.ErrRequestEntityTooLarge.
func (h *Handlers) mayUpload(header *fasthttp.RequestHeader) error {
	path, _, _ := strings.Cut(string(header.RequestURI()), "?")
	if !header.IsPost() || !h.uploads[path] || header.ContentLength() > pictureLimit ||
		!bytes.HasPrefix(header.ContentType(), []byte(fiber.MIMEMultipartForm)) {
		return fiber.ErrRequestEntityTooLarge
	}
	person, err := h.Sessions.Carries(string(header.Cookie(h.cookie(accessCookie))), string(header.Cookie(h.cookie(refreshCookie))))
	if err != nil {
		return err
	}
	for _, limit := range []counted{{uploadRule, person}, {picturesRule, "all"}} {
		if wait := h.Limits.Take(context.Background(), limit.rule, limit.key); wait > 0 {
			return tooMany{wait}
		}
	}
	return nil
}
