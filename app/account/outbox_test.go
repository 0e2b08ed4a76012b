package account

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/mail"
	"gatehouse/app/tests/testkit/servers"
	"gatehouse/models"
)

// post writes mails into the outbox, and begins none.
func (w *world) post(line int, letters ...letter) {
	w.t.Helper()
	err := w.db.Tx(w.t.Context(), func(tx *models.DB) error {
		var errs []error
		for _, l := range letters {
			errs = append(errs, w.outbox.mail(w.t.Context(), tx, line, "", l))
		}
		return errors.Join(errs...)
	})
	wantErr(w.t, err, nil)
}

func codeTo(to string) letter {
	return letter{Kind: mail.ResetCode, To: to, Args: mail.Args{Code: "ABCD-EFGH"}}
}

func noticeTo(to string) letter { return letter{Kind: mail.PasswordChanged, To: to} }

func (w *world) answer(refuse func(mail.Message) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse = refuse
}

func (w *world) waiting() int {
	w.t.Helper()
	return w.count("SELECT count(*) FROM outbox")
}

// The workers of two processes on one database send each mail once, at once and in whatever order they come.
func TestEachMailIsSentOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		other := w.outbox
		if !w.db.Embedded() {
			other = w.outboxOn(w.opened())
			wantErr(t, other.Open(t.Context()), nil)
		}
		wantErr(t, w.outbox.Open(t.Context()), nil)
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				at := []*Outbox{w.outbox, other}[i%2]
				err := at.unit(t.Context(), func(tx *models.DB) error {
					return at.mail(t.Context(), tx, i%lines, "", noticeTo(fmt.Sprintf("p%d@example.com", i)))
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		servers.Eventually(t, "the outbox is empty", func() bool { return w.waiting() == 0 })
		wantErr(t, errors.Join(w.outbox.Close(t.Context()), other.Close(t.Context())), nil)
		times, ids := map[string]int{}, map[string]bool{}
		for _, sent := range w.mails {
			times[sent.To]++
			ids[sent.ID] = true
		}
		if len(w.mails) != 60 || len(times) != 60 || len(ids) != 60 || ids[""] {
			t.Errorf("%d mails to %d people under %d ids", len(w.mails), len(times), len(ids))
		}
	})
}

// What a process had in hand when it was killed is sent by another after the lease, under the same id.
func TestAKilledProcessLosesNoMail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.post(firstCodes, codeTo("anna@example.com"))
		job := must[models.Job](t)(w.db.Outbox.Claim(t.Context(), models.JobMail, notices, w.clock(), lease)) // and killed
		w.wait(lease - time.Second)
		if sent := w.mail(); len(sent) != 0 {
			t.Fatalf("within the lease: %+v", sent)
		}
		w.wait(time.Second)
		if sent := w.mail(); len(sent) != 1 || sent[0].ID != job.ID || sent[0].Code != "ABCD-EFGH" {
			t.Fatalf("after it: %+v", sent)
		}
	})
}

// An address that gets no mail has a row like any other, which nothing is sent of (enumeration).
func TestADecoySendsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.person("anna@example.com")
		w.forgot("nobody@example.com")
		if w.waiting() != 1 || len(w.mail()) != 0 || w.waiting() != 0 || w.log.String() != "" {
			t.Fatalf("%d wait, log %s", w.waiting(), w.log)
		}
		w.forgot("anna@example.com")
		if w.waiting() != 1 || len(w.mail()) != 1 {
			t.Fatal("the known address differs")
		}
	})
}

// Nothing readable rests in the table.
func TestTheOutboxIsSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.post(firstCodes, codeTo("anna@example.com"))
		var row string
		if err := w.raw.QueryRowContext(t.Context(), "SELECT body || recipient FROM outbox").Scan(&row); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(row, "anna") || strings.Contains(row, "ABCD") || len(row) < 40 {
			t.Errorf("row %s", row)
		}
	})
}

func TestAMailThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		tries := map[string]int{}
		w.answer(func(m mail.Message) error {
			tries[m.To]++
			switch {
			case m.To == "never@example.com":
				return fmt.Errorf("%w: 550 <never@example.com> unknown", mail.ErrRefused)
			case m.To == "panic@example.com" && tries[m.To] == 1:
				panic("panic@example.com")
			case m.To == "down@example.com", tries[m.To] < 3:
				return errors.New("451 later, Down@Example.com")
			}
			return nil
		})
		w.post(firstCodes, codeTo("never@example.com"), codeTo("panic@example.com"), codeTo("down@example.com"))
		w.post(notices, noticeTo("slow@example.com"))
		var sent []mail.Message
		for _, pause := range []time.Duration{0, time.Second - time.Millisecond, time.Millisecond, 5 * time.Second} {
			w.wait(pause)
			sent = append(sent, w.mail()...)
		}
		want := map[string]int{"slow@example.com": 3, "panic@example.com": 3, "never@example.com": 1, "down@example.com": 3}
		if len(sent) != 2 || !maps.Equal(tries, want) {
			t.Fatalf("sent %+v, tries %v", sent, tries)
		}
		for range 20 {
			w.wait(time.Minute)
			w.mail()
		}
		if n := tries["down@example.com"]; n < 10 || n > 13 || w.waiting() != 0 {
			t.Errorf("a code was tried %d times, %d wait", n, w.waiting())
		}
		log := w.log.String()
		for _, secret := range []string{"never@", "down@", "Down@", "panic@", "ABCD"} {
			if strings.Contains(log, secret) {
				t.Errorf("log says %q: %s", secret, log)
			}
		}
		if strings.Count(log, "mail given up") != 2 || !strings.Contains(log, "n•••@example.com") {
			t.Errorf("log %s", log)
		}
	})
}

// A notice goes on being tried for a day; a code that comes late is no use, so none is sent.
func TestNoticesOutlastADayCodesTenMinutes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		down := errors.New("connection refused")
		w.answer(func(mail.Message) error { return down })
		w.post(notices, noticeTo("anna@example.com"))
		for range 20 {
			w.mail()
			w.wait(time.Hour)
		}
		w.post(firstCodes, codeTo("anna@example.com"))
		w.wait(CodeLife) // as in a process that was not there meanwhile
		w.answer(nil)
		if sent := w.mail(); len(sent) != 1 || sent[0].Code != "" || w.waiting() != 0 {
			t.Fatalf("sent %+v, %d wait", sent, w.waiting())
		}
		w.answer(func(mail.Message) error { return down })
		w.post(notices, noticeTo("anna@example.com"))
		for range 25 {
			w.mail()
			w.wait(time.Hour)
		}
		if w.waiting() != 0 {
			t.Error("it is never given up")
		}
	})
}

// First codes go before codes, and codes before notices, whenever they came.
func TestLinesGoInOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 3 {
			w.post(notices, noticeTo(fmt.Sprintf("notice%d@example.com", i)))
			w.wait(time.Millisecond)
		}
		w.post(codes, codeTo("sign-up@example.com"))
		w.wait(time.Millisecond)
		w.post(firstCodes, codeTo("reset@example.com"))
		for w.outbox.deliver(codes) {
		}
		if w.waiting() != 3 {
			t.Fatalf("the worker for codes leaves %d", w.waiting())
		}
		var order []string
		for _, sent := range w.sent() {
			order = append(order, strings.TrimSuffix(sent.To, "@example.com"))
		}
		if want := []string{"reset", "sign-up", "notice0", "notice1", "notice2"}; !slices.Equal(order, want) {
			t.Errorf("order %v", order)
		}
	})
}

// Notices to a mail server that hangs hold up two workers and no code.
func TestNoticesThatHangHoldUpNoCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		open, hanging := make(chan struct{}), atomic.Int64{}
		slow := sendFunc(func(m mail.Message) {
			if m.Code == "" {
				hanging.Add(1)
				<-open
			}
		})
		w.outbox.sender = slow
		wantErr(t, w.outbox.Open(t.Context()), nil)
		for i := range 5 {
			w.post(notices, noticeTo(fmt.Sprintf("p%d@example.com", i)))
		}
		w.outbox.rouse()
		servers.Eventually(t, "two hang", func() bool { return hanging.Load() == 2 })
		wantErr(t, w.outbox.unit(t.Context(), func(tx *models.DB) error {
			return w.outbox.mail(t.Context(), tx, codes, "", codeTo("anna@example.com"))
		}), nil)
		servers.Eventually(t, "the code is sent", func() bool { return w.waiting() == 5 })
		close(open)
		servers.Eventually(t, "the rest is", func() bool { return w.waiting() == 0 })
		wantErr(t, w.outbox.Close(t.Context()), nil)
	})
}

// Where codes pile up, whoever is about to make one is told so; a flood of notices fills neither line, nor the
// table for ever.
func TestCodesArePromisedOnlyWhereTheyFit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.outbox.waiting[notices].Store(mostNotices)
		w.post(notices, noticeTo("anna@example.com"))
		log := w.log.String()
		if w.waiting() != 0 || strings.Count(log, "mail dropped") != 1 || strings.Contains(log, "anna@") {
			t.Errorf("%d wait, log %s", w.waiting(), log)
		}
		for i := range mostCodes {
			w.post(codes, codeTo(fmt.Sprintf("p%d@example.com", i)))
		}
		if w.outbox.room(false) || !w.outbox.room(true) {
			t.Error("another code of a sign-up is promised, or none of a reset")
		}
		other := w.outboxOn(w.db) // knows of them by looking
		wantErr(t, other.look(t.Context()), nil)
		if other.room(false) || !other.room(true) || other.Waiting() != mostCodes {
			t.Errorf("another process knows of %d", other.Waiting())
		}
		w.wait(time.Minute)
		if other.Age() != time.Minute {
			t.Errorf("the oldest waits for %v", other.Age())
		}
		w.mail()
		wantErr(t, other.look(t.Context()), nil)
		if !w.outbox.room(false) || !other.room(false) || other.Waiting() != 0 || other.Age() != 0 {
			t.Error("there is no room when all are sent")
		}
	})
}

// A process that ends gives back what it had in hand: another, or the next start, sends it at once.
func TestCloseGivesBackWhatIsInHand(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		begun := make(chan struct{}, 10)
		w.outbox.sender = hangs(begun)
		w.post(firstCodes, codeTo("anna@example.com"))
		wantErr(t, w.outbox.Open(t.Context()), nil)
		<-begun
		wantErr(t, w.outbox.Close(over()), nil)
		next := w.outboxOn(w.db)
		wantErr(t, next.Open(t.Context()), nil)
		servers.Eventually(t, "the next start sends it", func() bool { return w.waiting() == 0 })
		wantErr(t, next.Close(t.Context()), nil)
		if len(w.mails) != 1 || w.log.String() != "" {
			t.Errorf("%d sent, log %s", len(w.mails), w.log)
		}
	})
}

// A change that is not made is told to nobody; one that is, at once.
func TestAMailIsPartOfItsChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		user, changed := w.person("anna@example.com"), errors.New("changed our mind")
		err := w.outbox.unit(t.Context(), func(tx *models.DB) error {
			return errors.Join(w.tell(t.Context(), tx, user, mail.PasswordChanged, mail.Args{}), changed)
		})
		wantErr(t, err, changed)
		if w.waiting() != 0 || len(w.outbox.wake[0]) != 0 {
			t.Error("a mail of nothing waits")
		}
		wantErr(t, w.outbox.unit(t.Context(), func(tx *models.DB) error {
			return w.tell(t.Context(), tx, user, mail.PasswordChanged, mail.Args{})
		}), nil)
		for i, worker := range w.outbox.wake { // at once, and not when it next looks
			if len(worker) != 1 {
				t.Errorf("worker %d sleeps on", i)
			}
		}
		w.one("anna@example.com", "Your password was changed")
	})
}

func TestBackoffGrows(t *testing.T) {
	t.Parallel()
	for try, want := range map[int][2]time.Duration{
		1: {time.Second, time.Second}, 2: {5 * time.Second, 5 * time.Second}, 3: {25 * time.Second, 25 * time.Second},
		4: {time.Minute, 125 * time.Second}, 7: {time.Minute, time.Hour}, 1000: {time.Minute, time.Hour},
	} {
		if code, notice := Backoff(codes, try), Backoff(notices, try); code != want[0] || notice != want[1] {
			t.Errorf("after try %d: %v, %v", try, code, notice)
		}
	}
}
