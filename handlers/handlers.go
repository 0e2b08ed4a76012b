// Package handlers is what Gatehouse answers: each route reads the request, asks account, session
// or models, and answers with a page, a fragment or a redirect. The table below is the whole map.
package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/valyala/fasthttp"

	"gatehouse/app/account"
	"gatehouse/app/limit"
	"gatehouse/app/mail"
	"gatehouse/app/oauth"
	"gatehouse/app/session"
	"gatehouse/app/token"
	"gatehouse/models"
	"gatehouse/static"
	"gatehouse/views"
)

// Handlers is what the routes need. app/app.go fills it in.
type Handlers struct {
	URL          *url.URL // the public address
	Production   bool
	AccessTTL    time.Duration
	PasswordMin  int
	Proxies      []netip.Prefix // whose X-Forwarded-For is believed
	MetricsToken string

	DB        *models.DB
	Accounts  *account.Accounts
	Sessions  *session.Engine
	Providers *oauth.Providers
	Keys      *token.Keys
	Limits    *limit.Limiter
	Static    *static.Files
	Outbox    *mail.Outbox // nil unless mails are kept and shown

	// Problems lists, by name, what keeps this process from serving well.
	Problems func(ctx context.Context) map[string]string
	// Trace is told when a request begins, and by what it returns when it is answered. nil without a
	// collector.
	Trace func(ctx context.Context, method string, header func(name string) string) (context.Context, func(route string, status int))
	// Observe is told of every answer, for the log and for figures.
	Observe func(Answered)
	Metrics http.Handler
	Now     func() time.Time
	Log     *slog.Logger

	headers *fasthttp.ResponseHeader // of every answer; App fills it in
	drawing chan struct{}            // one picture at a time
}

// Answered is one request, answered. Route is its pattern, never the address, which can hold a code.
type Answered struct {
	ID, Method, Route string
	Status            int
	At                time.Time // when it was answered
	Took              time.Duration
}

// App is the web application: limits on every request, then the route table.
func (h *Handlers) App() *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:               "Gatehouse",
		DisableStartupMessage: true,
		Immutable:             true, // without it, strings change under our hands when the request is over
		StrictRouting:         true,
		CaseSensitive:         true,
		BodyLimit:             bodyLimit,
		ReadBufferSize:        16 << 10, // all headers; our own sealed cookies are up to 4 KB each
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          20 * time.Second,
		WriteBufferSize:       32 << 10, // a page in one write
		IdleTimeout:           60 * time.Second,
		ErrorHandler:          h.answer,
	})
	app.Server().FormValueFunc = posted
	h.drawing = make(chan struct{}, 1)
	h.headers = hardened(h.URL.Scheme == "https")
	h.routes(app)
	return app
}

// routes is the map. What stands on a route's line guards it: guests are sent on when signed in,
// users are asked to sign in, known is either.
func (h *Handlers) routes(app *fiber.App) {
	app.Get("/healthz", h.healthz)
	app.Get("/readyz", h.readyz)
	app.Get("/metrics", h.operators, adaptor.HTTPHandler(h.Metrics))

	sameOrigin := h.sameOrigin()
	app.Use(h.observe, h.recovered)
	app.Get("/auth/session", h.session)
	app.Post("/auth/refresh", sameOrigin, h.refresh) // one question to the store, which bounds itself
	app.Get("/static/*", h.asset)
	app.Get("/favicon.ico", h.favicon)

	app.Use(h.bounded, plain, sameOrigin)
	app.Get("/", h.known, h.home)
	app.Get("/sign-in", h.guests, h.signInPage)
	app.Post("/sign-in", h.perClientForm(signInRule, h.signInLimited), h.known, h.signIn)
	app.Get("/sign-up", h.guests, h.signUpPage)
	app.Post("/sign-up", h.perClientForm(signUpRule, h.signUpLimited), h.guests, h.signUp)
	app.Get("/verify", h.known, h.verifyPage)
	app.Post("/verify", h.perClient(codeRule), h.known, h.verify)
	app.Get("/forgot", h.guests, h.forgotPage)
	app.Post("/forgot", h.perClientForm(signUpRule, h.forgotLimited), h.guests, h.forgot)
	app.Get("/reset", h.guests, h.resetPage)
	app.Post("/reset", h.perClient(codeRule), h.guests, h.reset)

	app.Post("/auth/sign-out", h.known, h.signOut)
	app.Get("/auth/error", h.known, h.authError)
	app.Get("/auth/:provider", h.configured, h.perClient(providerRule), h.certain, h.begin)
	app.Get("/auth/:provider/callback", h.configured, h.perClient(providerRule), h.certain, h.finish)
	app.Post(appleCallback, h.configured, h.perClient(providerRule), h.appleForm)

	app.Get("/dashboard", h.users, h.dashboard)
	app.Get("/profile", h.users, h.profilePage)
	app.Post("/profile", h.users, h.profile)
	app.Get("/profile/picture", h.users, h.picture)
	app.Get("/confirm", h.users, h.confirmPage)
	app.Post("/confirm", h.perClient(signInRule), h.users, h.confirm)

	if h.Outbox != nil {
		app.Get("/dev/mail", h.known, h.devMail)
	}
}

// providers are the buttons to show.
func (h *Handlers) providers() []views.Provider {
	var buttons []views.Provider
	for _, name := range h.Providers.Names() {
		buttons = append(buttons, views.Provider{Name: name.Provider, Label: name.Label})
	}
	return buttons
}
