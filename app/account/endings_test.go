package account

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/app/mail"
	"gatehouse/app/session"
	"gatehouse/app/tests/testkit/servers"
	"gatehouse/models"
)

// sendFunc is a mail server made of a function.
type sendFunc func(message mail.Message)

func (s sendFunc) Send(_ context.Context, message mail.Message) error {
	s(message)
	return nil
}

// hangs is a mail server that never answers.
type hangs chan struct{}

func (h hangs) Send(ctx context.Context, _ mail.Message) error {
	h <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// flaky is the real session store, where it answers.
type flaky struct {
	session.Store
	down func() bool
}

func (f flaky) EndUser(ctx context.Context, userID, except string, before time.Time) ([]models.Ended, error) {
	if f.down() {
		return nil, errors.New("connection refused")
	}
	return f.Store.EndUser(ctx, userID, except, before)
}

// storeFails puts the session store out of reach while down says so.
func (w *world) storeFails(down func() bool) {
	w.outbox.sessions = w.engineOn(w.outbox.db, w.outbox.keys, func(store session.Store) session.Store {
		return flaky{store, down}
	})
}

func (w *world) started(user models.User) models.Session {
	w.t.Helper()
	return must[session.Pair](w.t)(w.outbox.sessions.Start(w.t.Context(), user,
		session.Arrival{AMR: []string{"pwd"}})).Session
}

func (w *world) live(user models.User) int {
	w.t.Helper()
	return len(must[[]models.Session](w.t)(w.outbox.sessions.List(w.t.Context(), user.ID)))
}

// ends decides an ending and leaves it to the workers, as a process does that is killed.
func (w *world) ends(ending Ending) {
	w.t.Helper()
	var job models.Job
	wantErr(w.t, w.outbox.unit(w.t.Context(), func(tx *models.DB) (err error) {
		job, err = w.outbox.End(w.t.Context(), tx, ending)
		return err
	}), nil)
	if w.outbox.endNext() {
		w.t.Error("a worker took an ending that was held")
	}
	w.outbox.giveBack(job, w.clock())
}

func TestAnEndingIsCarriedOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		one, kept := w.started(user), w.started(user)
		w.started(user)
		w.ends(Ending{UserID: user.ID, SessionID: one.ID})
		for w.outbox.endNext() {
		}
		if w.live(user) != 2 || w.waiting() != 0 {
			t.Fatalf("one: %d live, %d wait", w.live(user), w.waiting())
		}
		w.ends(Ending{UserID: user.ID, Except: kept.ID, Before: w.clock()})
		for w.outbox.endNext() {
		}
		left := must[[]models.Session](t)(w.outbox.sessions.List(t.Context(), user.ID))
		if len(left) != 1 || left[0].ID != kept.ID {
			t.Fatalf("all but one: %+v", left)
		}
	})
}

// While the session store is down an ending waits; when it is back the sessions end, and those that began after
// what the ending is for stay. The clocks of store and process may differ a little.
func TestAnEndingOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user := w.person("anna@example.com")
		down := true
		w.storeFails(func() bool { return down })
		w.started(user)
		w.ends(Ending{UserID: user.ID, Before: w.clock()})
		wantErr(t, w.CarryOut(t.Context(), user.ID), session.ErrUnavailable)
		if job, err := w.db.Outbox.Claim(t.Context(), models.JobEnding, 0, w.clock(), lease); err != nil {
			t.Fatal(job, err)
		}
		w.wait(2 * clocksDiffer)
		later := w.started(user)
		down = false
		wantErr(t, w.CarryOut(t.Context(), user.ID), nil) // though another has claimed it
		left := must[[]models.Session](t)(w.outbox.sessions.List(t.Context(), user.ID))
		if len(left) != 1 || left[0].ID != later.ID {
			t.Fatalf("left: %+v", left)
		}
		if w.waiting() != 0 {
			t.Error("it still waits")
		}
	})
}

// The workers try again by themselves until the store answers.
func TestAnEndingIsTriedUntilItIsDone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user, tries := w.person("anna@example.com"), 0
		w.storeFails(func() bool { tries++; return tries < 3 })
		w.started(user)
		wantErr(t, w.outbox.Open(t.Context()), nil)
		w.ends(Ending{UserID: user.ID, Before: w.clock()})
		servers.Eventually(t, "it is done", func() bool { return w.waiting() == 0 })
		wantErr(t, w.outbox.Close(t.Context()), nil)
		if w.live(user) != 0 || tries != 3 {
			t.Errorf("%d live after %d tries", w.live(user), tries)
		}
	})
}
