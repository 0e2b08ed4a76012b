package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/tests/testkit/servers"
)

// sender is a Sender made of a function.
type sender func(ctx context.Context, message Message) error

func (s sender) Send(ctx context.Context, message Message) error { return s(ctx, message) }

func atOnce(int) time.Duration { return 0 }

func never(int) time.Duration { return time.Hour }

func newQueue(t *testing.T, send sender, pause func(int) time.Duration) (*Queue, *servers.LogBuffer) {
	t.Helper()
	book := &servers.LogBuffer{}
	q := NewQueue(send, slog.New(slog.NewTextHandler(book, nil)), pause)
	t.Cleanup(func() { _ = q.Close(t.Context()) })
	return q, book
}

func TestQueueSendsAndDrains(t *testing.T) {
	t.Parallel()
	box := outbox(t, time.Now)
	q, book := newQueue(t, box.Send, never)
	for i := range 50 {
		q.Send(Message{To: fmt.Sprintf("p%d@example.com", i)})
	}
	if err := q.Close(t.Context()); err != nil || len(box.All()) != 50 || q.Depth() != 0 || book.String() != "" {
		t.Fatalf("close %v, sent %d, depth %d, log %s", err, len(box.All()), q.Depth(), book)
	}
	q.Send(letter())
	if len(box.All()) != 50 || !strings.Contains(book.String(), "mail dropped") {
		t.Fatalf("a closed queue sends; log %s", book)
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestQueueTriesAgainAndThenGivesUp(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	count := map[string]int{}
	q, book := newQueue(t, func(_ context.Context, m Message) error {
		mu.Lock()
		defer mu.Unlock()
		count[m.To]++
		switch {
		case m.To == "never@example.com":
			return fmt.Errorf("%w: 550 <never@example.com> unknown", ErrRefused)
		case m.To == "panic@example.com":
			panic("never@example.com")
		case m.To == "third@example.com" && count[m.To] == 3:
			return nil
		}
		return errors.New("451 later, Down@Example.com")
	}, atOnce)
	for _, to := range []string{"never", "third", "down", "panic"} {
		q.Send(Message{To: to + "@example.com", Subject: "Hello", Code: "042137", Lines: []string{"body"}})
	}
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"never@example.com": 1, "third@example.com": 3, "down@example.com": 4, "panic@example.com": 4}
	for to, n := range want {
		if count[to] != n {
			t.Errorf("%s tried %d times, want %d", to, count[to], n)
		}
	}
	log := book.String()
	for _, secret := range []string{"never@", "third@", "down@", "Down@", "042137", "body"} {
		if strings.Contains(log, secret) {
			t.Errorf("log says %q: %s", secret, log)
		}
	}
	if strings.Count(log, "mail given up") != 3 || !strings.Contains(log, "n•••@example.com") {
		t.Errorf("log %s", log)
	}
}

// One address whose server is down must not hold up the others, nor the request, nor the process.
func TestAWaitingMailHoldsUpNobody(t *testing.T) {
	t.Parallel()
	box := outbox(t, time.Now)
	q, _ := newQueue(t, func(ctx context.Context, m Message) error {
		if m.To == "down@example.com" {
			return errors.New("later")
		}
		return box.Send(ctx, m)
	}, never)
	for range 10 {
		q.Send(Message{To: "down@example.com"})
	}
	q.Send(letter())
	if _, err := box.Next(t.Context(), "anna@example.com"); err != nil {
		t.Fatal(err)
	}
	if q.Depth() < 10 {
		t.Fatalf("depth %d", q.Depth())
	}
	if err := q.Close(t.Context()); err != nil || q.Depth() != 0 { // the last tries come at once
		t.Fatalf("close %v, depth %d", err, q.Depth())
	}
}

// A flood of notices fills its own line; codes go on being taken, and are sent before it.
func TestAFullQueueDropsNoCodeAndNeverBlocks(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	box := outbox(t, time.Now)
	q, book := newQueue(t, func(ctx context.Context, m Message) error {
		<-open
		return box.Send(ctx, m)
	}, atOnce)
	notice := letter()
	notice.Code = ""
	for range queueSize + 7 {
		q.Send(notice)
	}
	for range 50 {
		q.Send(letter())
	}
	if !q.Room(true) || q.Depth() != queueSize+50 || strings.Count(book.String(), "mail dropped") != 7 || strings.Contains(book.String(), "anna@") {
		t.Fatalf("depth %d, log %s", q.Depth(), book)
	}
	close(open)
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := box.All() // newest first, and the outbox keeps a hundred
	if late := slices.ContainsFunc(sent, func(kept Kept) bool { return kept.Code != "" }); late {
		t.Error("a code waited for the notices before it")
	}
}

// Where even codes pile up, whoever is about to make one is told so.
func TestCodesArePromisedOnlyWhereTheyFit(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	q, book := newQueue(t, func(context.Context, Message) error {
		<-open
		return nil
	}, atOnce)
	for range codeSize {
		q.Send(letter())
	}
	if q.Room(false) || !q.Room(true) {
		t.Error("another code of a sign-up is promised, or none of a reset")
	}
	q.Send(letter()) // asked for at the same moment
	if strings.Contains(book.String(), "mail dropped") {
		t.Error("a code that was promised is dropped")
	}
	close(open)
}

func TestCloseSaysWhatItLeaves(t *testing.T) {
	t.Parallel()
	q, _ := newQueue(t, func(ctx context.Context, _ Message) error {
		<-ctx.Done() // a server that never answers
		return ctx.Err()
	}, never)
	q.Send(letter())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Close(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1 messages not sent") {
		t.Fatalf("err = %v", err)
	}
}

func TestBackoffGrows(t *testing.T) {
	t.Parallel()
	if Backoff(1) != time.Second || Backoff(2) != 5*time.Second || Backoff(3) != 25*time.Second {
		t.Fatal(Backoff(1), Backoff(2), Backoff(3))
	}
}

// A flood of sign-ups delays nobody's reset.
func TestCodesOfOwnersGoFirst(t *testing.T) {
	t.Parallel()
	open, begun := make(chan struct{}), make(chan struct{}, 10)
	box := outbox(t, time.Now)
	q, _ := newQueue(t, func(ctx context.Context, m Message) error {
		begun <- struct{}{}
		<-open
		return box.Send(ctx, m)
	}, atOnce)
	for range 3 { // one for each worker
		q.Send(letter())
		<-begun
	}
	for range 30 {
		q.Send(letter())
	}
	first := letter()
	first.First, first.Subject = true, "reset"
	q.Send(first)
	go func() {
		for range begun {
		}
	}()
	close(open)
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(begun)
	sent := box.All() // newest first
	at := slices.IndexFunc(sent, func(kept Kept) bool { return kept.Subject == "reset" })
	if before := len(sent) - 1 - at; before > 6 { // those that were being sent, and what each worker took then
		t.Errorf("%d codes of sign-ups went before it", before)
	}
}
