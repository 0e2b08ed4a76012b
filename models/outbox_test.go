package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

const lease = time.Minute

func (db *DB) mustAdd(t *testing.T, now time.Time, line int, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		job := Job{Kind: JobMail, Line: line, Recipient: "somebody", Body: body}
		if _, err := db.Outbox.Add(t.Context(), job, 1000, now); err != nil {
			t.Fatal(err)
		}
	}
}

// claimed is what can be claimed now, in order.
func claimed(t *testing.T, db *DB, line int, now time.Time) (bodies []string) {
	t.Helper()
	for {
		job, err := db.Outbox.Claim(t.Context(), JobMail, line, now, lease)
		if errors.Is(err, ErrNotFound) {
			return bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, job.Body)
	}
}

func TestLinesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		now := time.Now()
		db.mustAdd(t, now, 2, "notice 1")
		db.mustAdd(t, now.Add(time.Millisecond), 1, "code 1", "code 2")
		db.mustAdd(t, now.Add(2*time.Millisecond), 0, "first 1", "first 2")
		later := now.Add(time.Second)
		if got := claimed(t, db, 0, later); !slices.Equal(got, []string{"first 1", "first 2"}) {
			t.Errorf("up to the first line: %v", got)
		}
		if got := claimed(t, db, 2, later); !slices.Equal(got, []string{"code 1", "code 2", "notice 1"}) {
			t.Errorf("then: %v", got)
		}
		if job, err := db.Outbox.Claim(t.Context(), JobEnding, 9, later, lease); !errors.Is(err, ErrNotFound) {
			t.Errorf("of another kind: %v, %v", job, err)
		}
	})
}

// A job is claimed once, by however many at once and in however many processes.
func TestAJobIsClaimedOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, address string) {
		now, others := time.Now(), []*DB{db}
		if !db.Embedded() {
			others = append(others, opened(t, address))
		}
		for i := range 40 {
			db.mustAdd(t, now, i%3, fmt.Sprint(i))
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		times := map[string]int{}
		for i := range 6 {
			all.Go(func() {
				for _, body := range claimed(t, others[i%len(others)], 2, now) {
					mu.Lock()
					times[body]++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for body, n := range times {
			if n != 1 {
				t.Errorf("%s was claimed %d times", body, n)
			}
		}
		if len(times) != 40 {
			t.Errorf("%d claimed", len(times))
		}
	})
}

// Whoever is killed with a job in hand keeps it from nobody for longer than the lease.
func TestAClaimEndsWithItsLease(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		now := time.Now()
		db.mustAdd(t, now, 1, "code")
		first, err := db.Outbox.Claim(t.Context(), JobMail, 2, now, lease)
		if err != nil || first.Tries != 1 {
			t.Fatal(first, err)
		}
		if got := claimed(t, db, 2, now.Add(lease-time.Second)); got != nil {
			t.Fatalf("within the lease: %v", got)
		}
		second, err := db.Outbox.Claim(t.Context(), JobMail, 2, now.Add(lease), lease)
		if err != nil || second.ID != first.ID || second.Tries != 2 {
			t.Fatal(second, err)
		}
		if err := db.Outbox.Postpone(t.Context(), first, now); err != nil { // the first comes back from the dead
			t.Fatal(err)
		}
		if got := claimed(t, db, 2, now.Add(lease)); got != nil {
			t.Fatalf("taken from whoever has it now: %v", got)
		}
		if err := db.Outbox.Postpone(t.Context(), second, now.Add(2*lease)); err != nil {
			t.Fatal(err)
		}
		if got := claimed(t, db, 2, now.Add(2*lease-time.Second)); got != nil {
			t.Fatalf("before it is due: %v", got)
		}
		if err := db.Outbox.Done(t.Context(), second.ID); err != nil {
			t.Fatal(err)
		}
		if got := claimed(t, db, 2, now.Add(time.Hour)); got != nil {
			t.Fatalf("after it was done: %v", got)
		}
	})
}

// What waits for one recipient is bounded, and a unit of work that is rolled back leaves no job.
func TestTheOutboxIsBoundedAndPartOfItsUnit(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		now := time.Now()
		db.mustAdd(t, now, 2, "1", "2")
		third := Job{Kind: JobMail, Line: 2, Recipient: "somebody"}
		if _, err := db.Outbox.Add(t.Context(), third, 2, now); !errors.Is(err, ErrFull) {
			t.Errorf("a third: %v, want ErrFull", err)
		}
		if _, err := db.Outbox.Add(t.Context(), Job{Kind: JobMail, Line: 2, Recipient: "another"}, 2, now); err != nil {
			t.Error(err)
		}
		err := db.Tx(t.Context(), func(tx *DB) error {
			tx.mustAdd(t, now, 2, "never")
			return errChanged
		})
		counts, counted := db.Outbox.Count(t.Context(), now)
		if !errors.Is(err, errChanged) || counted != nil || len(counts) != 1 || counts[0] != (JobCount{JobMail, 2, 3, 3}) {
			t.Errorf("%v, %v, %v", err, counts, counted)
		}
	})
}

// A deletion takes nothing of what is still to be done.
func TestJobsOutliveTheirUser(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, db *DB, _ string) {
		ctx, now := context.Background(), time.Now()
		user, err := db.Users.Create(ctx, User{Name: "Ada"}, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Outbox.Add(ctx, Job{Kind: JobEnding, UserID: user.ID, Body: "all"}, 10, now); err != nil {
			t.Fatal(err)
		}
		if err := db.Users.Delete(ctx, user.ID); err != nil {
			t.Fatal(err)
		}
		jobs, err := db.Outbox.OfUser(ctx, user.ID, JobEnding)
		if err != nil || len(jobs) != 1 || jobs[0].Body != "all" {
			t.Fatal(jobs, err)
		}
		if at, err := db.Outbox.Oldest(ctx); err != nil || !at.Equal(stored(now)) {
			t.Fatal(at, err)
		}
	})
}
