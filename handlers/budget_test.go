package handlers

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/mail"
)

// No route without a bound on its body, its fields, its time and its rate: whoever adds one has to say what
// it may cost, and cannot pass by the table.
func TestEveryRouteNamesItsBudget(t *testing.T) {
	t.Parallel()
	box, err := mail.NewMailbox("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	h := &Handlers{URL: &url.URL{Scheme: "http", Host: "localhost"}, Outbox: box}
	app := fiber.New()
	h.routes(app)
	named := map[string]budget{}
	for _, r := range slices.Concat(h.operations(), h.unbounded(), h.table()) {
		named[r.method+" "+r.path] = r.budget
		if r.method == get {
			named["HEAD "+r.path] = r.budget
		}
	}
	for _, r := range app.GetRoutes(true) {
		b, found := named[r.Method+" "+r.Path]
		switch {
		case !found:
			t.Errorf("%s %s stands in no table: it names no budget", r.Method, r.Path)
		case b.body < 1 || b.body > pictureLimit || b.fields < 1 || b.fields > fieldLimit || b.within > requestLimit:
			t.Errorf("%s %s: a body of %d, %d fields, %v", r.Method, r.Path, b.body, b.fields, b.within)
		case b.within > 0 && len(b.rates) == 0 && b.within != readyWithin:
			t.Errorf("%s %s asks a store and names no rate", r.Method, r.Path)
		case r.Method == post && !slices.ContainsFunc(b.rates, func(rule rule) bool { return rule.Name != anyRule.Name }):
			t.Errorf("%s %s writes and names no rate of its own", r.Method, r.Path)
		}
	}
	for _, r := range named {
		for _, rule := range r.rates {
			if rule.Name == "" || rule.Rate < 1 || rule.Burst < 1 || rule.Per <= 0 {
				t.Errorf("a rule without a bound: %+v", rule)
			}
		}
	}
}
