package web

import (
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// ContentPolicy ends with form-action, so that a page whose forms lead elsewhere can add to it.
const ContentPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// securityHeaders is what a browser may do with our pages. Scripts and styles come from us alone.
func securityHeaders(https, subdomains bool) *fasthttp.ResponseHeader {
	var all fasthttp.ResponseHeader
	all.Set("Content-Security-Policy", ContentPolicy)
	all.Set("X-Content-Type-Options", "nosniff")
	all.Set("X-Frame-Options", "DENY")
	all.Set("Referrer-Policy", "same-origin")
	all.Set("Cross-Origin-Opener-Policy", "same-origin")
	all.Set("Cross-Origin-Resource-Policy", "same-origin")
	all.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	if https {
		strict := "max-age=31536000"
		if subdomains { // a year without plain http on hosts that are not ours: only where it is asked for
			strict += "; includeSubDomains"
		}
		all.Set("Strict-Transport-Security", strict)
	}
	all.Set(fiber.HeaderCacheControl, "no-store") // static files say otherwise
	all.Set(fiber.HeaderVary, "HX-Request")
	return &all
}
