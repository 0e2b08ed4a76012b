package session

import (
	"context"
	"sync"
	"time"

	"gatehouse/models"
)

// acknowledgements gathers which (session, count) this process has seen in an access token, to be written behind
// the requests: the acknowledgement of a successor. Reuse detection rests on it. Without it a thief and an owner
// could rotate in turns for ever, each of them taken for somebody whose answer was lost.
type acknowledgements struct {
	seen *generations[int64]

	mu      sync.Mutex
	pending map[string]models.Acknowledgement
}

const (
	acknowledgeEvery = 100 * time.Millisecond
	acknowledgeBatch = 500
	// acknowledgeMost bounds what waits while the store is down; more is seen again later.
	acknowledgeMost = 100_000
)

func newAcknowledgements() *acknowledgements {
	return &acknowledgements{seen: newGenerations[int64](100_000), pending: map[string]models.Acknowledgement{}}
}

// has reports whether a count, or a later one, was seen before.
func (c *acknowledgements) has(sessionID string, count int64) bool {
	seen, known := c.seen.get(sessionID)
	return known && seen >= count
}

func (c *acknowledgements) note(seen models.Acknowledgement) {
	if c.has(seen.SessionID, seen.Count) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) < acknowledgeMost {
		c.pending[seen.SessionID] = seen
		c.seen.put(seen.SessionID, seen.Count)
	}
}

// forget lets everything be noted again: a store that lost its last writes may have lost these.
func (c *acknowledgements) forget() { c.seen.clear() }

// take removes up to one batch.
func (c *acknowledgements) take() []models.Acknowledgement {
	c.mu.Lock()
	defer c.mu.Unlock()
	batch := make([]models.Acknowledgement, 0, min(len(c.pending), acknowledgeBatch))
	for id, seen := range c.pending {
		if len(batch) == acknowledgeBatch {
			break
		}
		batch = append(batch, seen)
		delete(c.pending, id)
	}
	return batch
}

// putBack keeps a batch that could not be written, unless something newer is waiting.
func (c *acknowledgements) putBack(batch []models.Acknowledgement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, seen := range batch {
		if newer, waiting := c.pending[seen.SessionID]; !waiting || newer.Count < seen.Count {
			c.pending[seen.SessionID] = seen
		}
	}
}

func (e *Engine) runAcknowledgements(ctx context.Context) {
	tick := time.NewTicker(acknowledgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = e.FlushAcknowledgements(ctx) // kept, and tried again at the next tick
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = e.FlushAcknowledgements(last) // unwritten, the successor may be asked for again for a day
			return
		}
	}
}

// FlushAcknowledgements writes what waits now. What cannot be written waits on.
func (e *Engine) FlushAcknowledgements(ctx context.Context) error {
	for {
		batch := e.acknowledgements.take()
		if len(batch) == 0 {
			return nil
		}
		err := e.ask(ctx, "acknowledge", func(ctx context.Context) error { return e.store.Acknowledge(ctx, batch) })
		if err != nil {
			e.acknowledgements.putBack(batch)
			return err
		}
	}
}
