package views

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"gatehouse/app/links"
	"gatehouse/models"
)

var addressed = regexp.MustCompile(`(?:href|action|src|hx-get|hx-post)="(/[^"]*)"`)

// Every link, action and request of every page is made by the one function that knows the base path: under another
// base each of them moves.
func TestEveryLinkKnowsTheBasePath(t *testing.T) {
	t.Parallel()
	user := &models.User{ID: "1", Name: "Ada", Email: "ada@example.com"}
	guest, person := Page{Title: "A page", DevMail: true}, Page{Title: "A page", User: user, RefreshEvery: time.Minute}
	ways := []Provider{{"google", "Google"}}
	list := SessionList{Current: "a", Sessions: []models.Session{{ID: "a"}, {ID: "b"}}}
	problem := Problem{Link: "/sign-in", LinkText: "Back"}
	for name, page := range map[string]templ.Component{
		"home": HomePage(guest, Home{ways}), "home, signed in": HomePage(person, Home{ways}),
		"sign in":   SignInForm{Providers: ways, Next: "/x"}.Form().Whole(guest),
		"sign up":   SignUpForm{Providers: ways, Next: "/x"}.Form().Whole(guest),
		"verify":    VerifyForm{Purpose: "email"}.Form().Whole(guest),
		"forgot":    ForgotForm{}.Form().Whole(guest),
		"reset":     ResetForm{}.Form().Whole(guest),
		"spent":     ResetForm{Spent: true}.Form().Whole(guest),
		"confirm":   ConfirmForm{Password: true, Providers: ways}.Form().Whole(person),
		"delete":    ProfileDeleteForm{Password: true}.Form().Whole(person),
		"dashboard": DashboardPage(person, Dashboard{User: *user, Sessions: list}),
		"profile": ProfilePage(person, Profile{Sessions: list, Picture: ProfilePictureForm{URL: "x"},
			Identities: ProfileIdentitiesForm{Others: ways, Connected: []Connected{{Provider: ways[0]}}}}),
		"error": ErrorPage(guest, problem), "a part of a page": Error(problem), "mails": DevMailPage(guest, DevMail{}),
	} {
		var out bytes.Buffer
		if err := page.Render(links.With(t.Context(), "/account"), &out); err != nil {
			t.Fatal(name, err)
		}
		found := addressed.FindAllStringSubmatch(out.String(), -1)
		if len(found) == 0 {
			t.Errorf("%s leads nowhere", name)
		}
		for _, link := range found {
			if !strings.HasPrefix(link[1], "/account/") {
				t.Errorf("%s: %s does not know the base path", name, link[0])
			}
		}
	}
}
