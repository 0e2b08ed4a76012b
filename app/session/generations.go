package session

import "sync"

// generations is a bounded cache: when the young generation is full it becomes the old one, and
// the old one is forgotten. What is used moves back among the young.
type generations[V any] struct {
	size       int
	mu         sync.RWMutex
	young, old map[string]V
}

// newGenerations keeps between size and twice size entries.
func newGenerations[V any](size int) *generations[V] {
	return &generations[V]{size: size, young: map[string]V{}}
}

func (g *generations[V]) clear() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.young, g.old = map[string]V{}, nil
}

func (g *generations[V]) get(key string) (V, bool) {
	g.mu.RLock()
	value, known := g.young[key]
	if known {
		g.mu.RUnlock()
		return value, true
	}
	value, known = g.old[key]
	g.mu.RUnlock()
	if known {
		g.put(key, value)
	}
	return value, known
}

func (g *generations[V]) put(key string, value V) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.young) >= g.size {
		g.old, g.young = g.young, make(map[string]V, g.size/4)
	}
	g.young[key] = value
}
