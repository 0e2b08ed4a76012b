package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/models"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

const hostile = `"><script>alert(1)</script>' onload=x {{.}} js:alert`

var now = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

// pages is every page in its fullest state, with hostile words wherever a person's can stand.
func pages() map[string]templ.Component {
	user := models.User{ID: "u", Name: hostile, Email: hostile, CreatedAt: now}
	guest := Page{Title: hostile, Now: now, DevMail: true, Notice: Notice{"info", hostile}}
	person := guest
	person.User, person.PictureURL, person.RefreshEvery = &user, "/picture", 8*time.Minute
	ways := []Provider{{"google", "Google"}, {"github", "GitHub"}, {"twitter", "X"}, {"apple", "Apple"}, {"oidc", hostile}}
	session := models.Session{ID: "one", Client: hostile, IP: hostile, SeenAt: now, StartedAt: now}
	other := session
	other.ID = "two"
	list := SessionList{Current: "one", Sessions: []models.Session{session, other}, Now: now,
		Notice: Notice{"success", hostile}, Error: hostile}
	next := "/profile?a=1&b=" + hostile
	return map[string]templ.Component{
		"home":        HomePage(guest, Home{ways}),
		"home inside": HomePage(person, Home{ways}),
		"sign in": SignInPage(guest, SignInForm{Email: hostile, Next: next, Remember: true, Providers: ways,
			Error: hostile, EmailError: hostile, PasswordError: hostile}),
		"sign up": SignUpPage(guest, SignUpForm{Name: hostile, Email: hostile, Next: next, Providers: ways,
			PasswordMin: 12, NameError: hostile, EmailError: hostile, PasswordError: hostile}),
		"verify":       VerifyPage(guest, VerifyForm{Email: hostile, Next: next, CodeError: hostile}),
		"verify spent": VerifyPage(guest, VerifyForm{Email: hostile, Next: next, Spent: true, Error: hostile}),
		"forgot":       ForgotPage(guest, ForgotForm{Email: hostile, Next: next, EmailError: hostile}),
		"reset":        ResetPage(guest, ResetForm{Email: hostile, Next: next, CodeError: hostile, PasswordError: hostile}),
		"confirm": ConfirmPage(person, ConfirmForm{Email: hostile, Next: next, Password: true, Providers: ways,
			PasswordError: hostile}),
		"dashboard": DashboardPage(person, Dashboard{User: user, Session: session, Sessions: list,
			Events: []models.Event{{Kind: "signed_in", Client: hostile, IP: hostile, Detail: hostile, At: now},
				{Kind: "never heard of"}}, Now: now}),
		"profile": ProfilePage(person, Profile{
			Details:  ProfileDetailsForm{Name: hostile, Phone: hostile, NameError: hostile, PhoneError: hostile},
			Picture:  ProfilePictureForm{Name: hostile, URL: "/picture", PictureError: hostile},
			Email:    ProfileEmailForm{Current: hostile, Email: hostile, EmailError: hostile},
			Password: ProfilePasswordForm{Email: hostile, Set: true, CurrentError: hostile, PasswordError: hostile},
			Identities: ProfileIdentitiesForm{Connected: []Connected{{ways[0], hostile, hostile, now, false},
				{ways[4], "2", "", now, true}}, Others: ways[1:4], Now: now, Error: hostile},
			Sessions: list,
		}),
		"profile new":     ProfilePage(person, Profile{Sessions: SessionList{Down: true}}),
		"delete":          DeletePage(person, ProfileDeleteForm{Email: hostile, Password: true, PasswordError: hostile}),
		"delete, no word": DeletePage(person, ProfileDeleteForm{ConfirmError: hostile}),
		"error":           ErrorPage(person, Problem{404, hostile, hostile, "/", hostile, hostile}),
		"mails":           DevMailPage(guest, DevMail{[]Mail{{hostile, hostile, hostile, now}}}),
		"no mails":        DevMailPage(guest, DevMail{}),
	}
}

func TestEveryPageKeepsItsPromises(t *testing.T) {
	t.Parallel()
	for name, page := range pages() {
		t.Run(name, func(t *testing.T) {
			nodes := elements(t, page)
			checkFrame(t, nodes)
			checkIDs(t, nodes)
			checkNothingInline(t, nodes)
			checkInputs(t, nodes)
			checkForms(t, nodes)
		})
	}
}

func checkFrame(t *testing.T, nodes []*html.Node) {
	for tag, want := range map[string]int{"h1": 1, "title": 1, "main": 1, "header": 1, "footer": 1} {
		if got := len(named(nodes, tag)); got != want {
			t.Errorf("%d <%s>, want %d", got, tag, want)
		}
	}
	if lang := attr(named(nodes, "html")[0], "lang"); lang != "en" {
		t.Errorf("lang is %q", lang)
	}
	if title := text(named(nodes, "title")[0]); !strings.HasSuffix(title, "Gatehouse") {
		t.Errorf("title is %q", title)
	}
	if first := named(nodes, "a")[0]; attr(first, "href") != "#content" {
		t.Error("the first link does not skip to the content")
	}
}

func checkIDs(t *testing.T, nodes []*html.Node) {
	seen := map[string]bool{}
	for _, n := range nodes {
		if id := attr(n, "id"); id != "" && seen[id] {
			t.Errorf("two elements have the id %q", id)
		} else if id != "" {
			seen[id] = true
		}
	}
	for _, n := range nodes {
		ids := strings.Fields(attr(n, "aria-describedby") + " " + attr(n, "aria-labelledby") + " " + attr(n, "aria-controls"))
		if href := attr(n, "href"); strings.HasPrefix(href, "#") {
			ids = append(ids, href[1:])
		}
		if target := attr(n, "hx-target"); strings.HasPrefix(target, "#") {
			ids = append(ids, target[1:])
		}
		for _, id := range ids {
			if !seen[id] {
				t.Errorf("<%s> points at #%s, which is not there", n.Data, id)
			}
		}
	}
}

// The Content-Security-Policy would refuse these; htmx would evaluate some of them.
func checkNothingInline(t *testing.T, nodes []*html.Node) {
	for _, n := range nodes {
		if n.Data == "style" || n.Data == "script" && (!has(n, "src") || n.FirstChild != nil) {
			t.Errorf("inline <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || a.Key == "hx-vals" {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
			if strings.HasPrefix(a.Key, "hx-") && (strings.Contains(a.Val, "js:") || strings.Contains(a.Val, "[")) {
				t.Errorf("<%s %s=%q> is code", n.Data, a.Key, a.Val)
			}
		}
	}
}

func checkInputs(t *testing.T, nodes []*html.Node) {
	labelled := map[string]bool{}
	for _, label := range named(nodes, "label") {
		labelled[attr(label, "for")] = true
	}
	for _, input := range named(nodes, "input") {
		kind, name := attr(input, "type"), attr(input, "name")
		if kind == "hidden" || has(input, "hidden") {
			continue
		}
		if !labelled[attr(input, "id")] && !within(input, "label") {
			t.Errorf("input %q has no label", name)
		}
		if kind == "password" && has(input, "value") {
			t.Errorf("password %q is sent back", name)
		}
		if kind != "checkbox" && kind != "file" && attr(input, "autocomplete") == "" {
			t.Errorf("input %q says nothing to password managers", name)
		}
		if attr(input, "aria-invalid") == "true" && !strings.Contains(attr(input, "aria-describedby"), "-error") {
			t.Errorf("input %q is invalid and does not say why", name)
		}
		if want, law := autocompletes[name]; law && !slices.Contains(want, attr(input, "autocomplete")) {
			t.Errorf("input %q has autocomplete %q", name, attr(input, "autocomplete"))
		}
	}
	for _, image := range named(nodes, "img") {
		if !has(image, "alt") || !has(image, "width") || !has(image, "height") {
			t.Error("an image without alt, width or height")
		}
	}
}

var autocompletes = map[string][]string{
	"email":    {"username", "email"},
	"password": {"current-password", "new-password"},
	"current":  {"current-password"},
	"code":     {"one-time-code"},
	"name":     {"name"},
	"phone":    {"tel"},
}

// Without scripts every form posts to the address that htmx would.
func checkForms(t *testing.T, nodes []*html.Node) {
	for _, form := range named(nodes, "form") {
		action := attr(form, "action")
		if !strings.HasPrefix(action, "/") || attr(form, "method") != "post" {
			t.Errorf("form action=%q method=%q", action, attr(form, "method"))
		}
		if post := attr(form, "hx-post"); post != action && action != "/auth/sign-out" {
			t.Errorf("form posts to %q with htmx and to %q without", post, action)
		}
	}
}

func TestNextIsKeptByFormsAndLinks(t *testing.T) {
	t.Parallel()
	next := `/profile?a=1&b="><x`
	for name, fragment := range map[string]templ.Component{
		"sign in": SignIn(SignInForm{Next: next}), "sign up": SignUp(SignUpForm{Next: next}),
		"verify": Verify(VerifyForm{Next: next}), "verify spent": Verify(VerifyForm{Next: next, Spent: true}),
		"forgot": Forgot(ForgotForm{Next: next}), "reset": Reset(ResetForm{Next: next}),
		"reset spent": Reset(ResetForm{Next: next, Spent: true}), "confirm": Confirm(ConfirmForm{Next: next, Password: true}),
	} {
		nodes := elements(t, fragment)
		kept := slices.DeleteFunc(named(nodes, "input"),
			func(n *html.Node) bool { return attr(n, "name") != "next" || attr(n, "value") != next })
		if forms := named(nodes, "form"); len(forms) == 0 || len(kept) != len(forms) {
			t.Errorf("%s: %d of %d forms keep next", name, len(kept), len(forms))
		}
	}
	nodes := elements(t, SignInPage(Page{}, SignInForm{Next: next, Providers: []Provider{{"google", "Google"}}}))
	const query = "?next=%2Fprofile%3Fa%3D1%26b%3D%22%3E%3Cx"
	for _, href := range []string{"/auth/google", "/forgot", "/sign-up"} {
		if !slices.ContainsFunc(named(nodes, "a"), func(a *html.Node) bool { return attr(a, "href") == href+query }) {
			t.Errorf("no link to %s keeps next", href)
		}
	}
}

func TestSignedInPagesRefreshAndOthersDoNot(t *testing.T) {
	t.Parallel()
	for name, page := range pages() {
		nodes := elements(t, page)
		refreshes := slices.ContainsFunc(nodes, func(n *html.Node) bool {
			return attr(n, "hx-post") == "/auth/refresh" && attr(n, "hx-trigger") == "every 480s, wake" &&
				attr(n, "hx-swap") == "none"
		})
		out := slices.ContainsFunc(nodes, func(n *html.Node) bool { return attr(n, "action") == "/auth/sign-out" })
		person := slices.Contains([]string{"home inside", "confirm", "dashboard", "profile", "profile new", "delete",
			"delete, no word", "error"}, name)
		if refreshes != person || out != person {
			t.Errorf("%s: refreshes %v, signs out %v, want %v", name, refreshes, out, person)
		}
	}
}

func TestSummaryTakesFocusAndLeadsToTheField(t *testing.T) {
	t.Parallel()
	nodes := elements(t, SignIn(SignInForm{EmailError: "Enter your email.", PasswordError: "Enter your password."}))
	i := slices.IndexFunc(nodes, func(n *html.Node) bool { return attr(n, "role") == "alert" })
	if i < 0 || !has(nodes[i], "autofocus") || attr(nodes[i], "tabindex") != "-1" {
		t.Fatal("no summary that takes focus")
	}
	links := named(nodes[i:], "a")
	if attr(links[0], "href") != "#email" || attr(links[1], "href") != "#password" {
		t.Errorf("the summary leads to %q and %q", attr(links[0], "href"), attr(links[1], "href"))
	}
}

func TestOnlyOtherSessionsCanBeEnded(t *testing.T) {
	t.Parallel()
	list := SessionList{Current: "one", Sessions: []models.Session{{ID: "one"}, {ID: "two"}}, Now: now}
	var ended []string
	for _, input := range named(elements(t, Sessions(list)), "input") {
		if attr(input, "name") == "session" {
			ended = append(ended, attr(input, "value"))
		}
	}
	if !slices.Equal(ended, []string{"two"}) {
		t.Errorf("sessions %v can be ended", ended)
	}
}

func TestLastWayInCannotBeDisconnected(t *testing.T) {
	t.Parallel()
	form := ProfileIdentitiesForm{Connected: []Connected{{Provider: Provider{"apple", "Apple"}, Subject: "1",
		LastWayIn: true}}, Now: now}
	if forms := named(elements(t, ProfileIdentities(form)), "form"); len(forms) != 0 {
		t.Errorf("%d forms", len(forms))
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Ada Lovelace": "AL", "ada": "A", "": "·", "ada@example.com": "A",
		"Émile  de la Tour": "ÉT", "李 小龙": "李小", `">< <`: "·"} {
		if got := initials(name); got != want {
			t.Errorf("initials of %q are %q, want %q", name, got, want)
		}
	}
}
