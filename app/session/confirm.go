package session

import (
	"context"
	"sync"
	"time"

	"gatehouse/models"
)

// confirmations gathers which (session, count) this process has seen in an access token, to be
// written behind the requests. Without them a thief and an owner could trade in turns for ever,
// each excused by the other's unconfirmed answer.
type confirmations struct {
	seen *generations[int64]

	mu      sync.Mutex
	pending map[string]models.Confirmation
}

const (
	confirmEvery = 100 * time.Millisecond
	confirmBatch = 500
	// confirmMost bounds what waits while the store is down; more is seen again later.
	confirmMost = 100_000
)

func newConfirmations() *confirmations {
	return &confirmations{seen: newGenerations[int64](100_000), pending: map[string]models.Confirmation{}}
}

func (c *confirmations) note(seen models.Confirmation) {
	if count, known := c.seen.get(seen.SessionID); known && count >= seen.Count {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) < confirmMost {
		c.pending[seen.SessionID] = seen
		c.seen.put(seen.SessionID, seen.Count)
	}
}

// forget lets everything be noted again: a store that lost its last writes may have lost these.
func (c *confirmations) forget() { c.seen.clear() }

// take removes up to one batch.
func (c *confirmations) take() []models.Confirmation {
	c.mu.Lock()
	defer c.mu.Unlock()
	batch := make([]models.Confirmation, 0, min(len(c.pending), confirmBatch))
	for id, seen := range c.pending {
		if len(batch) == confirmBatch {
			break
		}
		batch = append(batch, seen)
		delete(c.pending, id)
	}
	return batch
}

// putBack keeps a batch that could not be written, unless something newer is waiting.
func (c *confirmations) putBack(batch []models.Confirmation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, seen := range batch {
		if newer, waiting := c.pending[seen.SessionID]; !waiting || newer.Count < seen.Count {
			c.pending[seen.SessionID] = seen
		}
	}
}

func (e *Engine) runConfirms(ctx context.Context) {
	tick := time.NewTicker(confirmEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = e.FlushConfirmations(ctx) // kept, and tried again at the next tick
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = e.FlushConfirmations(last) // unwritten, the successor stays unconfirmed: convenient, not unsafe
			return
		}
	}
}

// FlushConfirmations writes what waits now. What cannot be written waits on.
func (e *Engine) FlushConfirmations(ctx context.Context) error {
	for {
		batch := e.confirms.take()
		if len(batch) == 0 {
			return nil
		}
		err := e.ask(ctx, "confirm", func(ctx context.Context) error { return e.store.Confirm(ctx, batch) })
		if err != nil {
			e.confirms.putBack(batch)
			return err
		}
	}
}
