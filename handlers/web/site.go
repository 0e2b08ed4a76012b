// Package web is what every answer shares, whoever gives it: headers, request ids, client addresses, limits,
// cookies, who is asking, and errors in words.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"gatehouse/app/account"
	"gatehouse/app/limit"
	"gatehouse/app/links"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/static"
)

// Site is what every answer shares. app/server fills it in; Prepare makes it ready.
type Site struct {
	URL          *url.URL // the public address
	Production   bool
	AccessTTL    time.Duration
	Proxies      []netip.Prefix // whose X-Forwarded-For is believed
	MetricsToken string

	HSTSSubdomains bool // Strict-Transport-Security reaches below our host

	DevMail bool // mails are kept, and shown to this machine

	Accounts *account.Accounts
	Sessions *session.Engine
	Keys     *token.Keys
	Limits   *limit.Limiter
	Static   *static.Files

	// Ready says what is wrong with this process, for /readyz.
	Ready   func(ctx context.Context) Readiness
	Version string // of this build
	// Trace is told when a request begins, and by what it returns when it is answered. nil without a
	// collector.
	Trace func(ctx context.Context, method string, header func(name string) string) (context.Context, Traced)
	// Observe is told of every answer, for the log and for figures.
	Observe func(Answered)
	Now     func() time.Time
	Log     *slog.Logger

	base     links.Base
	headers  *fasthttp.ResponseHeader // of every answer
	csrf     *http.CrossOriginProtection
	uploads  map[string]bool // the paths whose budget has room for a picture
	inMemory map[string]bool // the routes that cost less than their line in the log
}

// Readiness is what is wrong, by name and in words for an operator: what keeps this process from serving, and what
// serves less well and no other process would do better.
type Readiness struct{ Problems, Degraded map[string]string }

// Traced ends a request's span.
type Traced = func(route string, status int)

// Answered is one request, answered. Route is its pattern, never the address, which can hold a code.
type Answered struct {
	ID, Method, Route string
	Status            int
	At                time.Time // when it was answered
	Took              time.Duration
	Unlogged          bool // one of very many that cost less than their line
}

// Prepare makes the site ready for its first request. Costs are the budgets of its routes, by method and path.
func (s *Site) Prepare(costs map[string]Budget) (err error) {
	if s.csrf, err = s.crossSite(); err != nil {
		return fmt.Errorf("web: APP_URL: %w", err)
	}
	s.base = links.Of(s.URL)
	s.headers = securityHeaders(s.URL.Scheme == "https", s.HSTSSubdomains)
	s.uploads, s.inMemory = map[string]bool{}, map[string]bool{}
	for route, cost := range costs {
		method, path, _ := strings.Cut(route, " ")
		if method == fiber.MethodPost && cost.Body > FormLimit {
			s.uploads[path] = true
		}
		if cost.Within == 0 {
			s.inMemory[path] = true
		}
	}
	return nil
}
