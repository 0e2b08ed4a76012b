package handlers

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/account"
	"gatehouse/app/limit"
)

type rule = limit.Rule

// Limits per client address. They stop a machine, not an office that shares one address.
var (
	anyRule      = rule{Name: "any", Rate: 500, Per: time.Second, Burst: 2000, Local: true}
	refreshRule  = rule{Name: "refresh", Rate: 2000, Per: time.Second, Burst: 10_000, Local: true}
	forgedRule   = rule{Name: "forged", Rate: 60, Per: time.Minute, Burst: 200, Local: true}
	signInRule   = rule{Name: "sign-in", Rate: 60, Per: time.Minute, Burst: 60}
	signUpRule   = rule{Name: "sign-up", Rate: 30, Per: 10 * time.Minute, Burst: 30}
	loggedRule   = rule{Name: "logged", Rate: 6, Per: time.Minute, Burst: 6, Local: true}   // lines of what is refused
	linesRule    = rule{Name: "lines", Rate: 20, Per: time.Second, Burst: 200, Local: true} // lines of what answers from memory
	codeRule     = rule{Name: "code", Rate: 600, Per: time.Minute, Burst: 600, Local: true} // a flow has five tries, wherever it comes from
	providerRule = rule{Name: "provider", Rate: 60, Per: time.Minute, Burst: 60}
	writeRule    = rule{Name: "write", Rate: 600, Per: time.Minute, Burst: 600, Local: true}
	mailRule     = rule{Name: "mails", Rate: 60, Per: time.Hour, Burst: 60} // past it no new mail goes, and nobody is refused
)

// Limits per person who is signed in.
var (
	ownWriteRule = rule{Name: "own-write", Rate: 120, Per: time.Minute, Burst: 120, Local: true}
	uploadRule   = rule{Name: "upload", Rate: 20, Per: 10 * time.Minute, Burst: 20, Local: true}
	pictureRule  = rule{Name: "picture", Rate: 20, Per: 10 * time.Minute, Burst: 20}
	senderRule   = rule{Name: "sender", Rate: 5, Per: 24 * time.Hour, Burst: 10} // other people's mailboxes that one account can reach
)

// Limits on guesses at one account (brute force). A guess counts where it comes from first; only then
// against the account. None of them refuses the owner: past strangersRule a mailed code is asked beside
// the password, and a browser that has signed in to the account before has an allowance of its own.
var (
	pairRule      = rule{Name: "pair", Rate: 10, Per: time.Hour, Burst: 10}
	strangersRule = rule{Name: "account", Rate: 50, Per: 24 * time.Hour, Burst: 50}
	deviceRule    = rule{Name: "device", Rate: 10, Per: 10 * time.Minute, Burst: 10}
	knownRule     = rule{Name: "known", Rate: 50, Per: 24 * time.Hour, Burst: 50}             // of all known browsers of an account
	browserRule   = rule{Name: "browser", Rate: 60, Per: time.Minute, Burst: 60, Local: true} // forms of a known browser
	sessionRule   = rule{Name: "session", Rate: 100, Per: time.Hour, Burst: 20}               // by someone signed in
	refusedRule   = rule{Name: "refused", Rate: 1, Per: time.Hour, Burst: 1}
	resendRule    = rule{Name: "resend", Rate: 1, Per: time.Minute, Burst: 1}
)

// tooMany is an error that says how long to wait.
type tooMany struct{ wait time.Duration }

func (t tooMany) Error() string { return "handlers: too many attempts" }

// sentence is what the person reads.
func (t tooMany) sentence() string {
	switch {
	case t.wait > 2*time.Hour:
		return fmt.Sprintf("Too many attempts. Try again in %d hours.", int(t.wait.Hours())+1)
	case t.wait > 2*time.Minute:
		return fmt.Sprintf("Too many attempts. Try again in %d minutes.", int(t.wait.Minutes())+1)
	case t.wait > time.Second:
		return fmt.Sprintf("Too many attempts. Try again in %d seconds.", seconds(t.wait))
	}
	return "Too many attempts. Try again in a second."
}

// seconds rounds up, so that a client that waits as long as told is let in.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func (h *Handlers) take(c *fiber.Ctx, rule rule, key string) error {
	if wait := h.Limits.Take(c.UserContext(), rule, key); wait > 0 {
		return tooMany{wait}
	}
	return nil
}

// takeClient limits per client: an IPv4 address, or the /64 that one IPv6 customer has; and the /48 that a
// larger one can draw /64s from, with room for sixteen.
func (h *Handlers) takeClient(c *fiber.Ctx, rule rule) error {
	client := h.clientIP(c)
	if err := h.take(c, rule, prefix(client, 64)); err != nil || !client.Is6() {
		return err
	}
	wide := rule
	wide.Name, wide.Rate, wide.Burst = rule.Name+"-48", rule.Rate*16, rule.Burst*16
	return h.take(c, wide, prefix(client, 48))
}

// prefix is an IPv4 address, or the network of an IPv6 one.
func prefix(client netip.Addr, bits int) string {
	if client.Is6() {
		network, _ := client.Prefix(bits)
		return network.String()
	}
	return client.String()
}

// perClient limits a route per client.
func (h *Handlers) perClient(rule rule) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := h.takeClient(c, rule); err != nil {
			return err
		}
		return c.Next()
	}
}

// perClientForm is perClient for a form: it comes again with the sentence and with what was typed.
func (h *Handlers) perClientForm(rule rule, again func(c *fiber.Ctx, sentence string) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := h.takeClient(c, rule); err != nil {
			return h.limitedForm(c, err, func(sentence string) error { return again(c, sentence) })
		}
		return c.Next()
	}
}

// perPerson limits a route per signed-in person, wherever they are.
func (h *Handlers) perPerson(rule rule) fiber.Handler {
	return func(c *fiber.Ctx) error {
		access, _ := current(c)
		if err := h.take(c, rule, access.UserID); err != nil {
			return err
		}
		return c.Next()
	}
}

// asker is who asks for a code to an address: whether this client may cause another mail, and whether this
// browser has signed in to the account before.
func (h *Handlers) asker(c *fiber.Ctx, email string) account.Asker {
	known := false
	if address, err := account.Canonical(email); err == nil {
		_, known = h.device(c, address)
	}
	return account.Asker{MayMail: h.takeClient(c, mailRule) == nil, Known: known}
}

// guess is a password that is about to be tried, counted where it came from.
type guess struct {
	lane  account.Lane
	taken []counted
}

type counted struct {
	rule rule
	key  string
}

// takeGuess counts a guess at an account before it is tried, known address or not. It returns false where
// the strangers' allowance is used up: then the way in is a mailed code. Each client uses up its own
// allowance first, so that a few addresses cannot use up the account's.
func (h *Handlers) takeGuess(c *fiber.Ctx, address string) (guess, bool) {
	name := h.Keys.Digest("account", address)
	if device, knows := h.device(c, address); knows {
		if g, allowed := h.takeAll(c, counted{knownRule, name}, counted{deviceRule, device + name}); allowed {
			g.lane = h.Accounts.Lane(c.UserContext(), address)
			return g, true
		}
	}
	return h.takeAll(c, counted{pairRule, prefix(h.clientIP(c), 64) + name}, counted{strangersRule, name})
}

// takeAll counts a guess under each rule, or under none.
func (h *Handlers) takeAll(c *fiber.Ctx, limits ...counted) (guess, bool) {
	g := guess{lane: account.Strangers}
	for _, limit := range limits {
		if h.take(c, limit.rule, limit.key) != nil {
			h.giveBack(c, g)
			return guess{}, false
		}
		g.taken = append(g.taken, limit)
	}
	return g, true
}

// giveBack forgets a guess that was right, or that was not tried. A known browser's own allowance is of
// sign-ins, right or wrong: each is a hash that goes first.
func (h *Handlers) giveBack(c *fiber.Ctx, g guess) {
	for _, limit := range g.taken {
		if limit.rule == deviceRule {
			continue
		}
		h.Limits.Give(c.UserContext(), limit.rule, limit.key)
	}
}

// takeOwn limits guesses at the password by someone signed in, as at a stolen laptop: per session, so that
// nobody keeps the owner out of another one.
func (h *Handlers) takeOwn(c *fiber.Ctx) error {
	access, _ := current(c)
	return h.take(c, sessionRule, access.SessionID)
}

// lane is where the hash of someone signed in waits: with the known, unless they ask for many.
func (h *Handlers) lane(c *fiber.Ctx) account.Lane {
	access, _ := current(c)
	return h.Accounts.Lane(c.UserContext(), access.UserID)
}
