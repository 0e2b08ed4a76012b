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

// wider is how many /64s a larger customer may use at once: one that has a /48 has 65,536 of them.
const wider = 16

// TryClient counts one attempt of a client: an IPv4 address, or the /64 that one IPv6 customer has; and the /48
// that a larger one can draw /64s from, with room for sixteen. Exceeded.
func (l *Limiter) TryClient(ctx context.Context, rule Rule, client netip.Addr) error {
	if err := l.Try(ctx, rule, ClientPrefix(client)); err != nil || !client.Is6() {
		return err
	}
	rule.Name, rule.Rate, rule.Burst = rule.Name+"-48", rule.Rate*wider, rule.Burst*wider
	return l.Try(ctx, rule, network(client, 48))
}

// ClientPrefix is an IPv4 address, or the /64 of an IPv6 one.
func ClientPrefix(client netip.Addr) string { return network(client, 64) }

func network(client netip.Addr, bits int) string {
	if client.Is6() {
		network, _ := client.Prefix(bits)
		return network.String()
	}
	return client.String()
}
