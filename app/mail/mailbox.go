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

const mailboxSize = 100

// Kept is a message in the mailbox.
type Kept struct {
	Message
	At time.Time

	read bool
}

// Mailbox keeps the latest 100 messages instead of sending them. In a file, they outlive a restart
// between a sign-up and its code.
type Mailbox struct {
	file string
	now  func() time.Time

	mu      sync.Mutex
	kept    []Kept // oldest first
	arrived chan struct{}
}

// NewMailbox opens the mailbox in a file, which need not be there yet; with "" it is in memory alone.
func NewMailbox(file string, now func() time.Time) (*Mailbox, error) {
	m := &Mailbox{file: file, now: now, arrived: make(chan struct{})}
	if file == "" {
		return m, nil
	}
	kept, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mail: open mailbox: %w", err)
	}
	if err := json.Unmarshal(kept, &m.kept); err != nil {
		return nil, fmt.Errorf("mail: open mailbox %s: %w", file, err)
	}
	return m, nil
}

// Send keeps a message.
func (m *Mailbox) Send(_ context.Context, message Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = append(m.kept, Kept{Message: message, At: m.now()})
	if len(m.kept) > mailboxSize {
		m.kept = slices.Delete(m.kept, 0, len(m.kept)-mailboxSize)
	}
	close(m.arrived)
	m.arrived = make(chan struct{})
	return m.write()
}

// write replaces the file whole, so that a crash leaves the old one or the new.
func (m *Mailbox) write() error {
	if m.file == "" {
		return nil
	}
	kept, err := json.Marshal(m.kept)
	if err != nil {
		return fmt.Errorf("mail: keep: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o700); err != nil {
		return fmt.Errorf("mail: keep: %w", err)
	}
	if err := os.WriteFile(m.file+".new", kept, 0o600); err != nil {
		return fmt.Errorf("mail: keep: %w", err)
	}
	if err := os.Rename(m.file+".new", m.file); err != nil {
		return fmt.Errorf("mail: keep: %w", err)
	}
	return nil
}

// All lists what is kept, newest first.
func (m *Mailbox) All() []Kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.kept)
	slices.Reverse(all)
	return all
}

// Next waits for the oldest message to this address that no Next has returned yet.
func (m *Mailbox) Next(ctx context.Context, to string) (Message, error) {
	for {
		message, found, arrived := m.unread(to)
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
func (m *Mailbox) unread(to string) (Message, bool, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.kept {
		if m.kept[i].To == to && !m.kept[i].read {
			m.kept[i].read = true
			return m.kept[i].Message, true, nil
		}
	}
	return Message{}, false, m.arrived
}
