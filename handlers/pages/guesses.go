package pages

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/limit"
	"gatehouse/handlers/web"
)

// Limits on guesses at one account (brute force). A guess counts where it comes from first; only then
// against the account. None of them refuses the owner: past strangersRule a mailed code is asked beside
// the password, and a browser that has signed in to the account before has an allowance of its own.
var (
	pairRule      = web.Rule{Name: "pair", Rate: 10, Per: time.Hour, Burst: 10}
	strangersRule = web.Rule{Name: "account", Rate: 50, Per: 24 * time.Hour, Burst: 50}
	deviceRule    = web.Rule{Name: "device", Rate: 10, Per: 10 * time.Minute, Burst: 10}
	knownRule     = web.Rule{Name: "known", Rate: 50, Per: 24 * time.Hour, Burst: 50}             // of all known browsers of an account
	browserRule   = web.Rule{Name: "browser", Rate: 60, Per: time.Minute, Burst: 60, Local: true} // forms of a known browser
	sessionRule   = web.Rule{Name: "session", Rate: 100, Per: time.Hour, Burst: 20}               // by someone signed in
	resendRule    = web.Rule{Name: "resend", Rate: 1, Per: time.Minute, Burst: 1}
)

// asker is who asks for a code to an address: whether this client may cause another mail, and whether this
// browser has signed in to the account before.
func (p *Pages) asker(c *fiber.Ctx, email string) account.Asker {
	known := false
	if address, err := account.Canonical(email); err == nil {
		_, known = p.Device(c, address)
	}
	return account.Asker{MayMail: p.Limits.TryClient(c.UserContext(), web.MailRule, p.ClientIP(c)) == nil, Known: known}
}

// guess is a password that is about to be tried, counted where it came from.
type guess struct {
	lane  account.Lane
	taken []counted
}

type counted struct {
	rule web.Rule
	key  string
}

// takeGuess counts a guess at an account before it is tried, known address or not. It returns false where
// the strangers' allowance is used up: then the way in is a mailed code. Each client uses up its own
// allowance first, so that a few addresses cannot use up the account's.
func (p *Pages) takeGuess(c *fiber.Ctx, address string) (guess, bool) {
	name := p.Keys.Digest("account", address)
	if device, knows := p.Device(c, address); knows {
		if g, allowed := p.takeAll(c, counted{knownRule, name}, counted{deviceRule, device + name}); allowed {
			g.lane = p.Accounts.Lane(c.UserContext(), address)
			return g, true
		}
	}
	return p.takeAll(c, counted{pairRule, limit.ClientPrefix(p.ClientIP(c)) + name}, counted{strangersRule, name})
}

// takeAll counts a guess under each rule, or under none.
func (p *Pages) takeAll(c *fiber.Ctx, limits ...counted) (guess, bool) {
	g := guess{lane: account.Strangers}
	for _, limit := range limits {
		if p.Limits.Try(c.UserContext(), limit.rule, limit.key) != nil {
			p.giveBack(c, g)
			return guess{}, false
		}
		g.taken = append(g.taken, limit)
	}
	return g, true
}

// giveBack forgets a guess that was right, or that was not tried. A known browser's own allowance is of
// sign-ins, right or wrong: each is a hash that goes first.
func (p *Pages) giveBack(c *fiber.Ctx, g guess) {
	for _, limit := range g.taken {
		if limit.rule == deviceRule {
			continue
		}
		p.Limits.Give(c.UserContext(), limit.rule, limit.key)
	}
}

// takeOwn limits guesses at the password by someone signed in, as at a stolen laptop: per session, so that
// nobody keeps the owner out of another one.
func (p *Pages) takeOwn(c *fiber.Ctx) error {
	access, _ := web.Current(c)
	return p.Limits.Try(c.UserContext(), sessionRule, access.SessionID)
}

// lane is where the hash of someone signed in waits: with the known, unless they ask for many.
func (p *Pages) lane(c *fiber.Ctx) account.Lane {
	access, _ := web.Current(c)
	return p.Accounts.Lane(c.UserContext(), access.UserID)
}

// PerBrowserForm is PerClientForm, but a browser that has signed in to the account before counts by itself:
// those behind one address must not be kept out by a guesser among them.
func (p *Pages) PerBrowserForm(rule web.Rule, again func(c *fiber.Ctx, sentence string) error) web.Guard {
	limited := p.PerClientForm(rule, again)
	return web.Guard{Rates: limited.Rates, Handle: func(c *fiber.Ctx) error {
		if address, err := account.Canonical(c.FormValue("email")); err == nil {
			if device, knows := p.Device(c, address); knows && p.Limits.Try(c.UserContext(), browserRule, device+address) == nil {
				return c.Next()
			}
		}
		return limited.Handle(c)
	}}
}
