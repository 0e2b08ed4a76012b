package handlers

import "github.com/gofiber/fiber/v2"

// asset serves a file of ours. Its address holds the hash of its content, so it may be kept for ever.
func (h *Handlers) asset(c *fiber.Ctx) error {
	return h.serve(c, c.Params("*"))
}

func (h *Handlers) favicon(c *fiber.Ctx) error { return h.serve(c, "favicon.ico") }

func (h *Handlers) serve(c *fiber.Ctx, name string) error {
	file, found := h.Static.Open(name)
	if !found {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, file.ContentType)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	if file.Immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	if len(file.Gzip) > 0 && c.Get(fiber.HeaderAcceptEncoding) != "" && c.AcceptsEncodings("gzip") == "gzip" {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(file.Gzip)
	}
	return c.Send(file.Body)
}
