package handlers

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/mail"
	"gatehouse/handlers/door"
	"gatehouse/handlers/pages"
	"gatehouse/handlers/web"
)

// No route without a bound on its body, its fields, its time and its rate: whoever adds one has to say what
// it may cost, and cannot pass by the table.
func TestEveryRouteNamesItsBudget(t *testing.T) {
	t.Parallel()
	box, err := mail.NewMailbox("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	site := &web.Site{URL: &url.URL{Scheme: "http", Host: "localhost"}}
	r := &Routes{Site: site, Pages: pages.New(pages.Pages{Site: site, Mailbox: box}), Door: &door.Door{Site: site}}
	app, err := r.App()
	if err != nil {
		t.Fatal(err)
	}
	costs := r.all()
	for _, r := range app.GetRoutes(true) {
		b, found := costs[strings.Replace(r.Method, "HEAD", "GET", 1)+" "+r.Path]
		switch {
		case !found:
			t.Errorf("%s %s stands in no table: it names no budget", r.Method, r.Path)
		case b.Body < 1 || b.Body > web.PictureLimit || b.Fields < 1 || b.Fields > web.FieldLimit ||
			b.Within > 15*time.Second:
			t.Errorf("%s %s: a body of %d, %d fields, %v", r.Method, r.Path, b.Body, b.Fields, b.Within)
		case b.Within > web.Operating.Within && len(b.Rates) == 0:
			t.Errorf("%s %s asks a store and names no rate", r.Method, r.Path)
		case r.Method == fiber.MethodPost && !slices.ContainsFunc(b.Rates, named):
			t.Errorf("%s %s writes and names no rate of its own", r.Method, r.Path)
		}
	}
	for route, cost := range costs {
		for _, rule := range cost.Rates {
			if rule.Name == "" || rule.Rate < 1 || rule.Burst < 1 || rule.Per <= 0 {
				t.Errorf("%s: a rule without a bound: %+v", route, rule)
			}
		}
	}
}

// named reports whether a rule is a route's own.
func named(rule web.Rule) bool {
	inherent := []string{web.AnyRule.Name, account.PictureRule.Name, web.UploadRule.Name, "pictures"}
	return !slices.Contains(inherent, rule.Name)
}
