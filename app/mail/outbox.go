package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const outboxSize = 100

// Kept is a message in the outbox.
type Kept struct {
	Message
	At time.Time

	read bool
}

// Outbox keeps the latest 100 messages instead of sending them. In a file, they outlive a restart
// between a sign-up and its code.
type Outbox struct {
	file string
	now  func() time.Time

	mu      sync.Mutex
	kept    []Kept // oldest first
	arrived chan struct{}
}

// NewOutbox opens the outbox in a file, which need not be there yet; with "" it is in memory alone.
func NewOutbox(file string, now func() time.Time) (*Outbox, error) {
	o := &Outbox{file: file, now: now, arrived: make(chan struct{})}
	if file == "" {
		return o, nil
	}
	kept, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mail: open outbox: %w", err)
	}
	if err := json.Unmarshal(kept, &o.kept); err != nil {
		return nil, fmt.Errorf("mail: open outbox %s: %w", file, err)
	}
	return o, nil
}

// Send keeps a message.
func (o *Outbox) Send(_ context.Context, message Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, Kept{Message: message, At: o.now()})
	if len(o.kept) > outboxSize {
		o.kept = slices.Delete(o.kept, 0, len(o.kept)-outboxSize)
	}
	close(o.arrived)
	o.arrived = make(chan struct{})
	return o.write()
}

// write replaces the file whole, so that a crash leaves the old one or the new.
func (o *Outbox) write() error {
	if o.file == "" {
		return nil
	}
	kept, err := json.Marshal(o.kept)
	if err != nil {
		return fmt.Errorf("mail: keep: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(o.file), 0o700); err != nil {
		return fmt.Errorf("mail: keep: %w", err)
	}
	if err := os.WriteFile(o.file+".new", kept, 0o600); err != nil {
		return fmt.Errorf("mail: keep: %w", err)
	}
	if err := os.Rename(o.file+".new", o.file); err != nil {
		return fmt.Errorf("mail: keep: %w", err)
	}
	return nil
}

// All lists what is kept, newest first.
func (o *Outbox) All() []Kept {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := slices.Clone(o.kept)
	slices.Reverse(all)
	return all
}

// Next waits for the oldest message to this address that no Next has returned yet.
func (o *Outbox) Next(ctx context.Context, to string) (Message, error) {
	for {
		message, found, arrived := o.unread(to)
		if found {
			return message, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// unread takes the message and the promise of the next in one look, so that none comes between.
func (o *Outbox) unread(to string) (Message, bool, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.kept {
		if o.kept[i].To == to && !o.kept[i].read {
			o.kept[i].read = true
			return o.kept[i].Message, true, nil
		}
	}
	return Message{}, false, o.arrived
}
