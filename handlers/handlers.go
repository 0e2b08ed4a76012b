// Package handlers is the whole route table, and nothing else. What stands on a route's line bounds it, guards it
// and answers it: web has the guards, pages, api and door the answers.
package handlers

import (
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"gatehouse/handlers/door"
	"gatehouse/handlers/pages"
	"gatehouse/handlers/web"
)

// Routes is everything that answers. app/server fills it in.
type Routes struct {
	Site    *web.Site
	Pages   *pages.Pages
	Door    *door.Door
	Metrics http.Handler
}

// route is one line of the table: what it may cost, who may pass, and who answers.
type route struct {
	method, path string
	budget       web.Budget
	guards       guards
	answer       fiber.Handler
}

type guards = []web.Guard

const (
	get  = fiber.MethodGet
	post = fiber.MethodPost
)

// table is the map: the routes behind the limits that every request meets.
func (r *Routes) table() []route {
	s, p := r.Site, r.Pages
	anyone, user, guest := web.Pass(s.OptionalUser), web.Pass(s.RequireUser), web.Pass(s.RequireGuest)
	provider, fromHere, limited := web.Pass(p.ConfiguredProvider), web.Pass(p.RejectCrossSiteStart), s.PerClient(web.ProviderRule)
	write, code, own := s.PerClient(web.WriteRule), s.PerClient(web.CodeRule), s.PerUser(web.OwnWriteRule)
	fresh := p.RequireFresh("/profile#identities")
	all := []route{
		{get, "/", web.Page, guards{anyone}, p.Home},
		{get, "/sign-in", web.Page, guards{guest}, p.SignInPage},
		{post, "/sign-in", web.Form, guards{p.PerBrowserForm(web.SignInRule, p.SignInAgain), anyone}, p.SignIn},
		{get, "/sign-up", web.Page, guards{guest}, p.SignUpPage},
		{post, "/sign-up", web.Form, guards{s.PerClientForm(web.SignUpRule, p.SignUpAgain), guest}, p.SignUp},
		{get, "/verify", web.Page, guards{anyone}, p.VerifyPage},
		{post, "/verify", web.Form, guards{code, anyone}, p.Verify},
		{get, "/forgot", web.Page, guards{guest}, p.ForgotPage},
		{post, "/forgot", web.Form, guards{p.PerBrowserForm(web.SignUpRule, p.ForgotAgain), guest}, p.Forgot},
		{get, "/reset", web.Page, guards{guest}, p.ResetPage},
		{post, "/reset", web.Form, guards{code, guest}, p.Reset},

		{post, "/auth/sign-out", web.Form, guards{write}, p.SignOut},
		{get, "/auth/error", web.Page, guards{anyone}, p.ProviderErrorPage},
		{get, "/auth/:provider", web.Form, guards{provider, fromHere, limited, web.Pass(s.RequireGuestOrFail)},
			p.BeginSignIn},
		{post, "/auth/:provider/link", web.Form, guards{provider, limited, user, fresh}, p.BeginLink},
		{post, "/auth/:provider/confirm", web.Form, guards{provider, limited, user}, p.BeginConfirm},
		{get, "/auth/:provider/callback", web.Form, guards{provider, limited, web.Pass(s.OptionalUserOrFail)}, p.Callback},
		{post, web.AppleCallback, web.Form, guards{provider, limited}, p.AppleCallback},

		{get, "/dashboard", web.Page, guards{user}, p.Dashboard},
		{get, "/profile", web.Page, guards{user}, p.ProfilePage},
		{post, "/profile", web.Upload, guards{write, user, own}, p.SetProfile},
		{get, "/profile/picture", web.Page, guards{user}, p.Picture},
		{post, "/profile/picture", web.Upload, guards{write, user, own}, p.SetPicture},
		{post, "/profile/email", web.Form, guards{write, user, own, p.RequireFresh("/profile#email-section")}, p.ChangeEmail},
		{post, "/profile/password", web.Form, guards{write, user, own}, p.ChangePassword},
		{post, "/profile/identities", web.Form, guards{write, user, own, fresh}, p.Disconnect},
		{post, "/profile/sessions", web.Form, guards{write, user, own}, p.EndSessions},
		{post, "/profile/delete", web.Form, guards{write, user, own}, p.Delete},
		{get, "/confirm", web.Page, guards{user}, p.ConfirmPage},
		{post, "/confirm", web.Form, guards{s.PerClient(web.SignInRule), user}, p.Confirm},
		{get, "/confirm/continue", web.Form, guards{write, user}, p.Continue},
	}
	if p.Mailbox != nil {
		all = append(all, route{get, "/dev/mail", web.Page, guards{web.Pass(s.LoopbackOnly), anyone}, p.DevMail})
	}
	return all
}

// unbounded are the routes before the limits that every request meets: they answer from memory, or bound
// themselves.
func (r *Routes) unbounded() []route {
	s, d := r.Site, r.Door
	return []route{
		{get, "/auth/session", web.InMemory, nil, d.Session},
		{post, "/auth/refresh", web.Form, guards{s.PerClient(web.RefreshRule), web.Pass(s.RejectCrossSite)}, d.Refresh},
		{get, "/static/*", web.InMemory, nil, s.Asset},
		{get, "/favicon.ico", web.InMemory, nil, s.Favicon},
	}
}

// operations are the routes of the people who run it; the proxies keep them inside.
func (r *Routes) operations() []route {
	s := r.Site
	recovered := web.Pass(s.Recover)
	return []route{
		{get, "/healthz", web.Operating, guards{recovered}, s.Healthz},
		{get, "/readyz", web.Operating, guards{recovered}, s.Readyz},
		{get, "/metrics", web.Operating, guards{recovered, web.Pass(s.OperatorsOnly)}, adaptor.HTTPHandler(r.Metrics)},
	}
}

// App is the web application: what every request meets, in order, and then its route.
func (r *Routes) App() (*fiber.App, error) {
	s := r.Site
	app := fiber.New(fiber.Config{
		AppName:               "Gatehouse",
		DisableStartupMessage: true,
		Immutable:             true, // without it, strings change under our hands when the request is over
		StrictRouting:         true,
		CaseSensitive:         true,
		BodyLimit:             web.FormLimit, // unless HeaderReceived says otherwise
		ReadBufferSize:        16 << 10,      // all headers; our own sealed cookies are up to 4 KB each
		ReadTimeout:           10 * time.Second,
		WriteTimeout:          20 * time.Second,
		WriteBufferSize:       32 << 10, // a page in one write
		IdleTimeout:           60 * time.Second,
		ErrorHandler:          s.Answer,
	})
	server := app.Server()
	server.FormValueFunc, server.HeaderReceived = web.BodyFormValue, s.BodyLimit
	server.Handler = web.RejectAmbiguousFraming(server.Handler)
	add(app, r.operations())
	app.Use(s.AccessLog, s.Recover)
	add(app, r.unbounded())
	app.Use(s.WithTimeout, s.PerClient(web.AnyRule).Handle, web.RejectEncodedBody, web.LimitFields, s.RejectCrossSite,
		pages.RouteSection)
	add(app, r.table())
	return app, s.Prepare(r.all())
}

func add(app *fiber.App, routes []route) {
	for _, r := range routes {
		var chain []fiber.Handler
		for _, guard := range r.guards {
			chain = append(chain, guard.Handle)
		}
		chain = append(chain, r.answer)
		app.Add(r.method, r.path, chain...)
		if r.method == get {
			app.Head(r.path, chain...)
		}
	}
}

// all is what each route costs at the most: its budget, with the rates of its guards.
func (r *Routes) all() map[string]web.Budget {
	costs := map[string]web.Budget{}
	for _, routes := range [][]route{r.operations(), r.unbounded(), r.table()} {
		for _, line := range routes {
			costs[line.method+" "+line.path] = line.budget.With(line.guards)
		}
	}
	return costs
}
