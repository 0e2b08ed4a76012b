package limit

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// memory counts in this process, each rule in a table of its own: a flood of one kind has nothing of
// another kind forgotten.
type memory struct {
	now    func() time.Time
	mu     sync.Mutex
	tables map[string]*table
}

func newMemory(now func() time.Time) *memory {
	return &memory{now: now, tables: map[string]*table{}}
}

func (m *memory) take(rule Rule, key string) time.Duration {
	now, each := m.now(), rule.Per/time.Duration(rule.Rate)
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.table(rule, now)
	whole := t.whole[key]
	if whole.Before(now) {
		whole = now
	}
	allowedAt := whole.Add(each).Add(-each * time.Duration(rule.Burst))
	if allowedAt.After(now) {
		return max(allowedAt.Sub(now), time.Second)
	}
	t.keep(key, whole.Add(each), now)
	return 0
}

// give takes one attempt back.
func (m *memory) give(rule Rule, key string) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.table(rule, now)
	if whole, counted := t.whole[key]; counted {
		t.whole[key] = whole.Add(-rule.Per / time.Duration(rule.Rate))
	}
}

// table is the rule's own, without the keys that have become whole meanwhile.
func (m *memory) table(rule Rule, now time.Time) *table {
	t := m.tables[rule.Name]
	if t == nil {
		t = &table{whole: map[string]time.Time{}}
		m.tables[rule.Name] = t
	}
	if !now.Before(t.sweep) {
		t.forget(now)
		t.sweep = now.Add(time.Minute)
	}
	return t
}

// most bounds a table, so that an attacker with many addresses costs memory only so far.
const most = 50_000

// table holds, for each key, the time at which its allowance is whole again: the generic cell rate
// algorithm.
type table struct {
	whole map[string]time.Time
	sweep time.Time
}

// keep makes room for a new key a tenth of the table at once: to look for one each time would be work
// for an attacker to ask for. The keys nearest to whole go first. A flood from ever new addresses is of
// such keys, and forgets itself; who has used up an allowance stays.
func (t *table) keep(key string, whole, now time.Time) {
	if _, known := t.whole[key]; !known && len(t.whole) >= most {
		t.forget(now)
		t.thin(len(t.whole) - (most - most/10))
	}
	t.whole[key] = whole
}

// forget drops the keys that are whole.
func (t *table) forget(now time.Time) {
	for key, whole := range t.whole {
		if !whole.After(now) {
			delete(t.whole, key)
		}
	}
}

// thin drops the n keys that are whole soonest.
func (t *table) thin(n int) {
	if n <= 0 {
		return
	}
	last := slices.SortedFunc(maps.Values(t.whole), time.Time.Compare)[n-1]
	for key, whole := range t.whole {
		if !whole.After(last) {
			delete(t.whole, key)
			if n--; n == 0 {
				return
			}
		}
	}
}
