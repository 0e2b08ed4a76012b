package web

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// encoding is which of the offered content encodings, the best first, a browser takes most gladly; "" for none
// (RFC 9110, 12.5.3). Fiber's own choice goes by the order in the header, where every browser names gzip first.
func encoding(c *fiber.Ctx, offered ...string) string {
	accepted := c.Get(fiber.HeaderAcceptEncoding)
	best, most := "", weight(accepted, "identity")
	for _, name := range offered {
		if q := weight(accepted, name); q > most || q == most && q > 0 && best == "" {
			best, most = name, q
		}
	}
	return best
}

// weight is how gladly an encoding is taken, 0 for not at all. What a header does not name is not taken, * apart.
func weight(accepted, name string) (q float64) {
	for part := range strings.SplitSeq(accepted, ",") {
		named, parameter, _ := strings.Cut(strings.ToLower(part), ";")
		named = strings.TrimSpace(named)
		if named != name && (named != "*" || name == "identity") {
			continue
		}
		q = 1
		if value, given := strings.CutPrefix(strings.TrimSpace(parameter), "q="); given {
			q, _ = strconv.ParseFloat(value, 64) // 0 for what is no number
		}
		if named == name {
			return q
		}
	}
	return q
}

// leastPacked is the length from which compressing a page is worth its while.
const leastPacked = 1 << 10

// pagePacking is a level of gzip: a tenth of a millisecond for a page, where Brotli takes four times as long and
// saves a twentieth more.
const pagePacking = 6

// packPage compresses the page that was answered, if it may be.
func (s *Site) packPage(c *fiber.Ctx) {
	answer := c.Response()
	if !bytes.HasPrefix(answer.Header.ContentType(), []byte(fiber.MIMETextHTML)) || !s.anonymous(c) {
		return
	}
	answer.Header.Set(fiber.HeaderVary, "HX-Request, "+fiber.HeaderAcceptEncoding)
	if body := answer.Body(); len(body) >= leastPacked && encoding(c, "gzip") != "" {
		answer.Header.Set(fiber.HeaderContentEncoding, "gzip")
		answer.SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, body, pagePacking))
	}
}

// anonymous reports whether a page can hold nothing that is secret. Only such a page is compressed: where a secret
// and what an attacker can put into the page are packed together, the length of the answer tells of the secret
// (BREACH). So pages of somebody signed in are not, nor of a browser in the middle of a sign-up, a reset, a
// sign-in or a change: those may show an address.
func (s *Site) anonymous(c *fiber.Ctx) bool {
	if _, signedIn := Current(c); signedIn || len(c.Response().Header.Peek(fiber.HeaderSetCookie)) > 0 {
		return false
	}
	for _, name := range []string{AccessCookie, RefreshCookie, FlowCookie, ResetCookie, OauthCookie, FormCookie} {
		if len(c.Request().Header.Cookie(s.CookieName(name))) > 0 {
			return false
		}
	}
	return true
}
