package limit

import (
	"sync"
	"time"
)

// memory counts by the generic cell rate algorithm: for each key, the time at which its allowance
// is whole again.
type memory struct {
	now   func() time.Time
	mu    sync.Mutex
	whole map[string]time.Time
	sweep time.Time
}

// most bounds the table, so that an attacker with many addresses costs memory only so far.
const most = 200_000

func newMemory(now func() time.Time) *memory {
	return &memory{now: now, whole: map[string]time.Time{}, sweep: now().Add(time.Minute)}
}

func (m *memory) take(rule Rule, key string) time.Duration {
	now, each := m.now(), rule.Per/time.Duration(rule.Rate)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(now)
	name := rule.Name + ":" + key
	whole := m.whole[name]
	if whole.Before(now) {
		whole = now
	}
	allowedAt := whole.Add(each).Add(-each * time.Duration(rule.Burst))
	if allowedAt.After(now) {
		return max(allowedAt.Sub(now), time.Second)
	}
	m.whole[name] = whole.Add(each)
	return 0
}

// give takes one attempt back.
func (m *memory) give(rule Rule, key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := rule.Name + ":" + key
	if whole, counted := m.whole[name]; counted {
		m.whole[name] = whole.Add(-rule.Per / time.Duration(rule.Rate))
	}
}

// forget drops keys whose allowance is whole again and, when the table is full all the same, a tenth
// of the others: dropping everything would let an attacker with many addresses reset the limits, and
// dropping one at a time would have us look through the whole table for each of them.
func (m *memory) forget(now time.Time) {
	if now.Before(m.sweep) && len(m.whole) < most {
		return
	}
	m.sweep = now.Add(time.Minute)
	for name, whole := range m.whole {
		if !whole.After(now) {
			delete(m.whole, name)
		}
	}
	if len(m.whole) < most {
		return
	}
	for name := range m.whole {
		if len(m.whole) <= most-most/10 {
			return
		}
		delete(m.whole, name)
	}
}
