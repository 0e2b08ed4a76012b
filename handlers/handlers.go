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
	Outbox    *mail.Mailbox // nil unless mails are kept and shown

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
	uploads map[string]bool          // the routes whose budget has room for a picture
}

// Answered is one request, answered. Route is its pattern, never the address, which can hold a code.
type Answered struct {
	ID, Method, Route string
	Status            int
	At                time.Time // when it was answered
	Took              time.Duration
	Unlogged          bool // one of very many that cost less than their line
}

// App is the web application: limits on every request, then the route table.
func (h *Handlers) App() *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:               "Gatehouse",
		DisableStartupMessage: true,
		Immutable:             true, // without it, strings change under our hands when the request is over
		StrictRouting:         true,
		CaseSensitive:         true,
		BodyLimit:             formLimit, // unless HeaderReceived says otherwise
		ReadBufferSize:        16 << 10,  // all headers; our own sealed cookies are up to 4 KB each
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          20 * time.Second,
		WriteBufferSize:       32 << 10, // a page in one write
		IdleTimeout:           60 * time.Second,
		ErrorHandler:          h.answer,
	})
	server := app.Server()
	server.FormValueFunc, server.HeaderReceived, server.Handler = posted, h.bodyLimit, framed(server.Handler)
	h.drawing = make(chan struct{}, 1)
	h.headers = hardened(h.URL.Scheme == "https")
	h.routes(app)
	return app
}

// route is one line of the table: what it costs at the most, and who answers it.
type route struct {
	method, path string
	budget       budget
	chain        []fiber.Handler
}

type chain = []fiber.Handler

const (
	get  = fiber.MethodGet
	post = fiber.MethodPost
)

// table is the map. What stands on a route's line bounds and guards it: guests are sent on when signed in,
// users are asked to sign in, known is either.
func (h *Handlers) table() []route {
	all := []route{
		{get, "/", reading, chain{h.known, h.home}},
		{get, "/sign-in", reading, chain{h.guests, h.signInPage}},
		{post, "/sign-in", writing(signInRule), chain{h.strangersForm(signInRule, h.signInLimited), h.known, h.signIn}},
		{get, "/sign-up", reading, chain{h.guests, h.signUpPage}},
		{post, "/sign-up", writing(signUpRule), chain{h.perClientForm(signUpRule, h.signUpLimited), h.guests, h.signUp}},
		{get, "/verify", reading, chain{h.known, h.verifyPage}},
		{post, "/verify", writing(codeRule), chain{h.perClient(codeRule), h.known, h.verify}},
		{get, "/forgot", reading, chain{h.guests, h.forgotPage}},
		{post, "/forgot", writing(signUpRule), chain{h.strangersForm(signUpRule, h.forgotLimited), h.guests, h.forgot}},
		{get, "/reset", reading, chain{h.guests, h.resetPage}},
		{post, "/reset", writing(codeRule), chain{h.perClient(codeRule), h.guests, h.reset}},

		{post, "/auth/sign-out", writing(writeRule), chain{h.perClient(writeRule), h.known, h.signOut}},
		{get, "/auth/error", reading, chain{h.known, h.authError}},
		{get, "/auth/:provider", writing(providerRule), chain{h.configured, h.fromHere, h.perClient(providerRule), h.certainGuests, h.begin}},
		{post, "/auth/:provider/link", writing(providerRule), chain{h.configured, h.perClient(providerRule), h.users, h.link}},
		{post, "/auth/:provider/confirm", writing(providerRule), chain{h.configured, h.perClient(providerRule), h.users, h.confirmAtProvider}},
		{get, "/auth/:provider/callback", writing(providerRule), chain{h.configured, h.perClient(providerRule), h.certain, h.finish}},
		{post, appleCallback, writing(providerRule), chain{h.configured, h.perClient(providerRule), h.appleForm}},

		{get, "/dashboard", reading, chain{h.users, h.dashboard}},
		{get, "/profile", reading, chain{h.users, h.profilePage}},
		{post, "/profile", picturing(writeRule, ownWriteRule), chain{h.perClient(writeRule), h.users, h.perPerson(ownWriteRule), h.profile}},
		{get, "/profile/picture", reading, chain{h.users, h.picture}},
		{post, "/profile/picture", picturing(writeRule, ownWriteRule), chain{h.perClient(writeRule), h.users, h.perPerson(ownWriteRule), h.postPicture}},
		{get, "/confirm", reading, chain{h.users, h.confirmPage}},
		{post, "/confirm", writing(signInRule, sessionRule), chain{h.perClient(signInRule), h.users, h.confirm}},
	}
	if h.Outbox != nil {
		all = append(all, route{get, "/dev/mail", reading, chain{h.thisMachine, h.known, h.devMail}})
	}
	return all
}

// unbounded are the routes that answer before any limit is asked: from memory, or for operators.
func (h *Handlers) unbounded() []route {
	return []route{
		{get, "/auth/session", inMemory, chain{h.session}},
		{post, "/auth/refresh", writing(refreshRule, forgedRule), chain{h.perClient(refreshRule), h.sameOrigin(), h.refresh}}, // one question to the store, which bounds itself
		{get, "/static/*", inMemory, chain{h.asset}},
		{get, "/favicon.ico", inMemory, chain{h.favicon}},
	}
}

// operations are the routes of the people who run it; the proxies keep them inside.
func (h *Handlers) operations() []route {
	return []route{
		{get, "/healthz", operating, chain{h.recovered, h.healthz}},
		{get, "/readyz", operating, chain{h.recovered, h.readyz}},
		{get, "/metrics", operating, chain{h.recovered, h.operators, adaptor.HTTPHandler(h.Metrics)}},
	}
}

func (h *Handlers) routes(app *fiber.App) {
	h.uploads = map[string]bool{}
	add := func(routes []route) {
		for _, r := range routes {
			h.uploads[r.path] = h.uploads[r.path] || r.budget.body > formLimit
			app.Add(r.method, r.path, r.chain...)
			if r.method == get {
				app.Head(r.path, r.chain...)
			}
		}
	}
	add(h.operations())
	app.Use(h.observe, h.recovered)
	add(h.unbounded())
	app.Use(h.bounded, h.perClient(anyRule), plain, fewFields, h.sameOrigin())
	add(h.table())
}

// providers are the buttons to show.
func (h *Handlers) providers() []views.Provider {
	var buttons []views.Provider
	for _, name := range h.Providers.Names() {
		buttons = append(buttons, views.Provider{Name: name.Provider, Label: name.Label})
	}
	return buttons
}
