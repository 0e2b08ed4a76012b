package limit

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// Exceeded is an error that says how long to wait before the next attempt.
type Exceeded struct{ Wait time.Duration }

// Error is for logs.
func (e Exceeded) Error() string { return fmt.Sprintf("limit: too many attempts, wait %s", e.Wait) }

// Try counts one attempt under a rule. Exceeded.
func (l *Limiter) Try(ctx context.Context, rule Rule, key string) error {
	if wait := l.Take(ctx, rule, key); wait > 0 {
		return Exceeded{wait}
	}
	return nil
}

// per48 is how many /64s one /48 may use at once: a customer who has a /48 has 65,536 of them.
const per48 = 16

// TryClient counts one attempt of a client: an IPv4 address, or the /64 that one IPv6 customer has; and against address
// rotation the /48 that a larger one can draw /64s from, with room for sixteen. Exceeded.
func (l *Limiter) TryClient(ctx context.Context, rule Rule, client netip.Addr) error {
	if err := l.Try(ctx, rule, ClientPrefix(client)); err != nil || !client.Is6() {
		return err
	}
	rule.Name, rule.Rate, rule.Burst = rule.Name+"-48", rule.Rate*per48, rule.Burst*per48
	return l.Try(ctx, rule, prefix(client, 48))
}

// ClientPrefix is an IPv4 address, or the /64 of an IPv6 one.
func ClientPrefix(client netip.Addr) string { return prefix(client, 64) }

func prefix(client netip.Addr, bits int) string {
	if client.Is6() {
		prefix, _ := client.Prefix(bits)
		return prefix.String()
	}
	return client.String()
}
