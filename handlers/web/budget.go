package web

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
)

// The most that the body of a request may hold. It is judged by its Content-Length, before a byte of it is
// read: memory that a stranger makes us take is how a server dies (denial of service).
const (
	FormLimit    = 16 << 10
	PictureLimit = 3 << 20 // a profile picture and its form, for whoever carries a token of ours
	FieldLimit   = 64
	requestLimit = 15 * time.Second
)

// picturesRule bounds the pictures that are read at once by this process: each is there within the ten
// seconds that a request may take to arrive.
var picturesRule = Rule{Name: "pictures", Rate: 16, Per: 10 * time.Second, Burst: 16, Local: true}

// Budget is the most that one request of a route may cost. Every route in the table names all of it, and a
// test holds that; docs/operations.md adds it up for a connection, a client, an account and a recipient.
type Budget struct {
	Body   int           // bytes
	Fields int           // of a form
	Within time.Duration // until the handler gives up; 0 where it asks nobody
	Rates  []Rule        // per client, or per person
}

// What each route of the table costs at the most, with the rates of its guards.
var (
	// InMemory answers from this process's memory: it asks nobody, so the machine is its rate.
	InMemory = Budget{Body: FormLimit, Fields: FieldLimit}
	// Operating is for the people who run it, kept from the outside by the proxies.
	Operating = Budget{Body: FormLimit, Fields: FieldLimit, Within: readyWithin}
	// Page is read.
	Page = Budget{Body: FormLimit, Fields: FieldLimit, Within: requestLimit, Rates: []Rule{AnyRule}}
	// Form changes something, or asks somebody who may be slow; its guards name the rate.
	Form = Budget{Body: FormLimit, Fields: FieldLimit, Within: requestLimit, Rates: []Rule{AnyRule}}
	// Upload is a form that may carry a picture.
	Upload = Budget{Body: PictureLimit, Fields: FieldLimit, Within: requestLimit,
		Rates: []Rule{AnyRule, account.PictureRule, UploadRule, picturesRule}}
)

// Guard is a step on a route's line: it lets a request pass or answers it, and names the rates that it takes.
type Guard struct {
	Handle fiber.Handler
	Rates  []Rule
}

// Pass is a guard that takes no rate.
func Pass(handle fiber.Handler) Guard { return Guard{Handle: handle} }

// With adds the rates of a route's guards to its budget.
func (b Budget) With(guards []Guard) Budget {
	b.Rates = slices.Clone(b.Rates)
	for _, guard := range guards {
		b.Rates = append(b.Rates, guard.Rates...)
	}
	return b
}
