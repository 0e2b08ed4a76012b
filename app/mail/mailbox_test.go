package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestMailboxKeepsTheLatestHundred(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	box := mailbox(t, func() time.Time { return at })
	for i := range 105 {
		_ = box.Send(t.Context(), Message{To: "a@example.com", Subject: fmt.Sprint(i)})
	}
	all := box.All()
	if len(all) != 100 || all[0].Subject != "104" || all[99].Subject != "5" || !all[0].At.Equal(at) {
		t.Fatalf("%d kept, newest %+v", len(all), all[0])
	}
}

func TestNextWaitsForEachMailOnce(t *testing.T) {
	t.Parallel()
	box := mailbox(t, time.Now)
	_ = box.Send(t.Context(), Message{To: "b@example.com", Subject: "other"})
	_ = box.Send(t.Context(), Message{To: "a@example.com", Subject: "first"})
	_ = box.Send(t.Context(), Message{To: "a@example.com", Subject: "second"})
	got := make(chan string)
	go func() {
		for range 3 {
			message, _ := box.Next(t.Context(), "a@example.com")
			got <- message.Subject
		}
	}()
	for _, want := range []string{"first", "second"} {
		if subject := <-got; subject != want {
			t.Fatalf("got %q, want %q", subject, want)
		}
	}
	_ = box.Send(t.Context(), Message{To: "a@example.com", Subject: "third"})
	if subject := <-got; subject != "third" {
		t.Fatalf("got %q", subject)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := box.Next(ctx, "a@example.com"); !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v", err)
	}
}

func mailbox(t *testing.T, now func() time.Time) *Mailbox {
	t.Helper()
	box, err := NewMailbox("", now)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// A restart between a sign-up and its code loses no code.
func TestMailboxOutlivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data", "mail.json")
	for i := range 2 {
		box, err := NewMailbox(file, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if err := box.Send(t.Context(), Message{To: "ada@example.com", Code: "123456", Lines: []string{"one"}}); err != nil {
			t.Fatal(err)
		}
		if all := box.All(); len(all) != i+1 || all[i].Code != "123456" || all[i].Lines[0] != "one" {
			t.Fatalf("%+v", all)
		}
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewMailbox(file, time.Now); err == nil {
		t.Fatal("a broken file opens")
	}
}
