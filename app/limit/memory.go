package limit

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// memory counts in this process, each rule in a table of its own: a flood under one rule evicts no key of another.
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
	fullAt := t.fullAt[key]
	if fullAt.Before(now) {
		fullAt = now
	}
	allowedAt := fullAt.Add(each).Add(-each * time.Duration(rule.Burst))
	if allowedAt.After(now) {
		return max(allowedAt.Sub(now), time.Second)
	}
	t.set(key, fullAt.Add(each), now)
	return 0
}

// give takes one attempt back.
func (m *memory) give(rule Rule, key string) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.table(rule, now)
	if fullAt, counted := t.fullAt[key]; counted {
		t.fullAt[key] = fullAt.Add(-rule.Per / time.Duration(rule.Rate))
	}
}

// table is the rule's own, without the keys that have become full meanwhile.
func (m *memory) table(rule Rule, now time.Time) *table {
	t := m.tables[rule.Name]
	if t == nil {
		t = &table{fullAt: map[string]time.Time{}}
		m.tables[rule.Name] = t
	}
	if !now.Before(t.sweepAt) {
		t.deleteFull(now)
		t.sweepAt = now.Add(time.Minute)
	}
	return t
}

// maxKeys bounds a table, so that an attacker with many addresses costs memory only so far (denial of service).
const maxKeys = 50_000

// table holds, for each key, the time at which its allowance is full again: the theoretical arrival time of the generic
// cell rate algorithm (GCRA).
type table struct {
	fullAt  map[string]time.Time
	sweepAt time.Time
}

// set evicts a tenth of a full table at once for a new key: to look for one each time would be work for an attacker to
// ask for (algorithmic complexity attack). The keys nearest to full go first. A flood from ever new addresses is of
// such keys, and evicts itself; who has used up an allowance stays.
func (t *table) set(key string, fullAt, now time.Time) {
	if _, known := t.fullAt[key]; !known && len(t.fullAt) >= maxKeys {
		t.deleteFull(now)
		t.evict(len(t.fullAt) - (maxKeys - maxKeys/10))
	}
	t.fullAt[key] = fullAt
}

// deleteFull drops the keys whose allowance is full again.
func (t *table) deleteFull(now time.Time) {
	for key, fullAt := range t.fullAt {
		if !fullAt.After(now) {
			delete(t.fullAt, key)
		}
	}
}

// evict drops the n keys that are full soonest.
func (t *table) evict(n int) {
	if n <= 0 {
		return
	}
	last := slices.SortedFunc(maps.Values(t.fullAt), time.Time.Compare)[n-1]
	for key, fullAt := range t.fullAt {
		if !fullAt.After(last) {
			delete(t.fullAt, key)
			if n--; n == 0 {
				return
			}
		}
	}
}
