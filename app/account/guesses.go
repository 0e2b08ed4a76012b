package account

import (
	"context"
	"time"

	"gatehouse/app/limit"
)

// Limits on guesses at one account (brute force). A guess counts where it comes from first; only then
// against the account. None of them refuses the owner: past strangersRule a mailed code is asked beside
// the password, and a browser that has signed in to the account before has an allowance of its own.
var (
	pairRule      = limit.Rule{Name: "pair", Rate: 10, Per: time.Hour, Burst: 10}
	strangersRule = limit.Rule{Name: "account", Rate: 50, Per: 24 * time.Hour, Burst: 50}
	deviceRule    = limit.Rule{Name: "device", Rate: 10, Per: 10 * time.Minute, Burst: 10}
	// knownRule is of all known browsers of an account.
	knownRule = limit.Rule{Name: "known", Rate: 50, Per: 24 * time.Hour, Burst: 50}
	// sessionRule is of guesses by someone signed in, as at a stolen laptop: per session, so that nobody keeps the
	// owner out of another one.
	sessionRule = limit.Rule{Name: "session", Rate: 100, Per: time.Hour, Burst: 20}
)

// guess is a password that is about to be tried, counted where it came from.
type guess struct {
	lane  Lane
	taken []counted
}

type counted struct {
	rule limit.Rule
	key  string
}

// takeGuess counts a guess at an account before it is tried, known address or not. It returns false where
// the strangers' allowance is used up: then the way in is a mailed code. Each client uses up its own
// allowance first, so that a few addresses cannot use up the account's.
func (a *Accounts) takeGuess(ctx context.Context, caller Caller, address string) (guess, bool) {
	name := a.keys.Digest("account", address)
	if caller.Device.Knows(address) {
		if g, allowed := a.takeAll(ctx, counted{knownRule, name}, counted{deviceRule, caller.Device.ID + name}); allowed {
			g.lane = a.lane(ctx, address)
			return g, true
		}
	}
	return a.takeAll(ctx, counted{pairRule, limit.ClientPrefix(caller.IP) + name}, counted{strangersRule, name})
}

// takeAll counts a guess under each rule, or under none.
func (a *Accounts) takeAll(ctx context.Context, limits ...counted) (guess, bool) {
	g := guess{lane: Strangers}
	for _, one := range limits {
		if a.limits.Take(ctx, one.rule, one.key) > 0 {
			a.giveBack(ctx, g)
			return guess{}, false
		}
		g.taken = append(g.taken, one)
	}
	return g, true
}

// giveBack forgets a guess that was right, or that was not tried. A known browser's own allowance is of
// sign-ins, right or wrong: each is a hash that goes first.
func (a *Accounts) giveBack(ctx context.Context, g guess) {
	for _, one := range g.taken {
		if one.rule != deviceRule {
			a.limits.Give(ctx, one.rule, one.key)
		}
	}
}

// takeOwn counts a guess at the password by someone signed in. limit.Exceeded.
func (a *Accounts) takeOwn(ctx context.Context, caller Caller) error {
	return a.limits.Try(ctx, sessionRule, caller.Session.SessionID)
}
