package web

import "github.com/gofiber/fiber/v2"

// Asset serves a file of ours. Its address holds the hash of its content, so it may be kept for ever.
func (s *Site) Asset(c *fiber.Ctx) error {
	return s.serve(c, c.Params("*"))
}

func (s *Site) Favicon(c *fiber.Ctx) error { return s.serve(c, "favicon.ico") }

func (s *Site) serve(c *fiber.Ctx, name string) error {
	file, found := s.Static.Open(name)
	if !found {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, file.ContentType)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	if file.Immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	if file.Gzip == nil {
		return c.Send(file.Body)
	}
	switch encoding(c, "br", "gzip") {
	case "br":
		c.Set(fiber.HeaderContentEncoding, "br")
		return c.Send(file.Brotli)
	case "gzip":
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(file.Gzip)
	}
	return c.Send(file.Body)
}
