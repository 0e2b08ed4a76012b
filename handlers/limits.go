package handlers

import (
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/app/limit"
)

type rule = limit.Rule

// Limits per client address. They stop a machine, not an office that shares one address.
var (
	signInRule   = rule{Name: "sign-in", Rate: 60, Per: time.Minute, Burst: 60}
	signUpRule   = rule{Name: "sign-up", Rate: 30, Per: 10 * time.Minute, Burst: 30}
	codeRule     = rule{Name: "code", Rate: 60, Per: time.Minute, Burst: 60}
	providerRule = rule{Name: "provider", Rate: 60, Per: time.Minute, Burst: 60}
)

// Limits per account. A stranger who uses up strangersRule for an account shuts out other
// strangers only: a browser that has signed in to it before has an allowance of its own.
var (
	strangersRule = rule{Name: "account", Rate: 100, Per: time.Hour, Burst: 20}
	deviceRule    = rule{Name: "device", Rate: 10, Per: 10 * time.Minute, Burst: 10}
	refusedRule   = rule{Name: "refused", Rate: 1, Per: time.Hour, Burst: 1}
	resendRule    = rule{Name: "resend", Rate: 1, Per: time.Minute, Burst: 1}
	addressRule   = rule{Name: "address", Rate: 10, Per: 24 * time.Hour, Burst: 10}
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

// takeAccount limits guesses at one account. Known and unknown addresses are limited alike.
func (h *Handlers) takeAccount(c *fiber.Ctx, address string) error {
	name := h.Keys.Digest("account", address)
	if device, knows := h.device(c, address); knows {
		return h.take(c, deviceRule, device+name)
	}
	return h.take(c, strangersRule, name)
}

// takeAddress limits the mails that one address gets in a day. Whichever is sent, the next code of
// the same flow waits a minute.
func (h *Handlers) takeAddress(c *fiber.Ctx, address string) error {
	mailed := h.mailed(c, address)
	if err := h.take(c, addressRule, mailed); err != nil {
		return err
	}
	_ = h.take(c, resendRule, mailed) // counted here, refused in takeResend
	return nil
}

// mailed is what limits the mails to an address. A browser that has signed in with it has an allowance
// of its own: a stranger who uses up the address's must not keep its owner from a reset.
func (h *Handlers) mailed(c *fiber.Ctx, address string) string {
	name := h.Keys.Digest("address", address)
	if device, knows := h.device(c, address); knows {
		return device + name
	}
	return name
}

// perClient limits a route per client address.
func (h *Handlers) perClient(rule rule) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := h.take(c, rule, h.clientPrefix(c)); err != nil {
			return err
		}
		return c.Next()
	}
}

// perClientForm is perClient for a form: it comes again with the sentence and with what was typed.
func (h *Handlers) perClientForm(rule rule, again func(c *fiber.Ctx, sentence string) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := h.take(c, rule, h.clientPrefix(c)); err != nil {
			return h.limitedForm(c, err, func(sentence string) error { return again(c, sentence) })
		}
		return c.Next()
	}
}
