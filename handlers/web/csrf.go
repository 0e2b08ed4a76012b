package web

import (
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// AppleCallback is where Apple posts its answer from its own site.
const AppleCallback = "/auth/apple/callback"

// crossSite is the judge of writes that another site's page makes a browser send.
func (s *Site) crossSite() (*http.CrossOriginProtection, error) {
	protection := http.NewCrossOriginProtection()
	if !s.Production {
		return protection, nil
	}
	// A proxy may speak to us under another name.
	return protection, protection.AddTrustedOrigin(s.URL.String())
}

// RejectCrossSite refuses writes that another site's page makes a browser send (CSRF), by the rules of
// net/http's CrossOriginProtection: Sec-Fetch-Site, then Origin against Host. Apple answers by a
// cross-site POST; its route holds only what the state in the browser's own cookie will prove.
func (s *Site) RejectCrossSite(c *fiber.Ctx) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return c.Next()
	}
	if c.Path() == AppleCallback {
		return c.Next()
	}
	request := &http.Request{Method: c.Method(), Host: string(c.Request().Host()), URL: &url.URL{Path: c.Path()},
		Header: http.Header{}}
	for _, name := range []string{"Sec-Fetch-Site", fiber.HeaderOrigin} {
		if value := c.Get(name); value != "" {
			request.Header.Set(name, value)
		}
	}
	if err := s.csrf.Check(request); err != nil {
		return errCrossOrigin
	}
	return c.Next()
}
