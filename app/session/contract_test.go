package session

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/app/tests/testkit/servers"
	"gatehouse/models"
)

const (
	testGrace = 30 * time.Second
	testKeep  = 10 * time.Minute
)

// moved is a store's clock, ahead of the machine's.
type moved struct{ by atomic.Int64 }

func (m *moved) ahead() time.Duration    { return time.Duration(m.by.Load()) }
func (m *moved) advance(d time.Duration) { m.by.Add(int64(d)) }

// fixture is one store with a user whose sessions it may keep.
type fixture struct {
	Store
	clock *moved
	user  models.User
}

// everyStore runs one test against each store.
func everyStore(t *testing.T, test func(t *testing.T, f fixture)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, database(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, database(t, servers.Postgres(t)))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		clock := &moved{}
		test(t, fixture{onRedis(t, clock), clock, models.User{ID: uuid.NewString()}})
	})
}

func onRedis(t *testing.T, clock *moved) *Redis {
	t.Helper()
	client, err := Dial(servers.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return NewRedis(client, testGrace, testKeep, clock.ahead)
}

func database(t *testing.T, address string) fixture {
	t.Helper()
	db, err := models.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	user, err := db.Users.Create(t.Context(), models.User{Name: "Ada"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	clock := &moved{}
	return fixture{db.Sessions.With(testGrace, testKeep, clock.ahead), clock, user}
}

var ada = models.Claims{Roles: models.Roles{"admin", "billing"}, Name: "Ada Lovelace", Email: "ada@example.com",
	EmailVerified: true, Picture: "0123456789abcdef"}

func (f fixture) start(t *testing.T) models.Session {
	t.Helper()
	s, _, err := f.Start(t.Context(), models.Session{ID: newID(), UserID: f.user.ID, Count: 1, Idle: time.Hour,
		Remembered: true,
		AMR:        []string{"pwd", "otp", "mfa"}, Provider: "google", Client: "Firefox on Linux", IP: "2001:db8::1", Claims: ada}, 2*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f fixture) rotate(t *testing.T, s models.Session, count int64, want models.Outcome, at int64) models.Session {
	t.Helper()
	got, outcome, err := f.Rotate(t.Context(), s.UserID, s.ID, count)
	if err != nil || outcome != want || got.Count != at {
		t.Fatalf("rotate of %d: outcome %d at %d (%v), want %d at %d", count, outcome, got.Count, err, want, at)
	}
	return got
}

func (f fixture) acknowledge(t *testing.T, s models.Session, count int64) {
	t.Helper()
	if err := f.Acknowledge(t.Context(), []models.Acknowledgement{{UserID: s.UserID, SessionID: s.ID,
		Count: count}}); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) inFeed(t *testing.T, id string) bool {
	t.Helper()
	ended, _, err := f.Ended(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ended {
		if e.SessionID == id {
			return true
		}
	}
	return false
}

func TestStoreKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		want := f.start(t)
		got := f.only(t)
		if got.Count != 1 || got.Acknowledged || !got.Remembered || got.Idle != time.Hour || got.Provider != "google" ||
			got.Client != "Firefox on Linux" ||
			got.IP != "2001:db8::1" || !got.AuthTime.Equal(got.StartedAt) ||
			!slices.Equal(got.AMR, []string{"pwd", "otp", "mfa"}) || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
		if rotated := f.rotate(t, want, 1, models.Rotated, 2); !slices.Equal(rotated.AMR, want.AMR) ||
			!rotated.AuthTime.Equal(want.AuthTime) || !rotated.Claims.Equal(ada) {
			t.Fatalf("after a rotation: %+v", rotated)
		}
	})
}

// only is the one live session of the user.
func (f fixture) only(t *testing.T) models.Session {
	t.Helper()
	live, err := f.ByUser(t.Context(), f.user.ID)
	if err != nil || len(live) != 1 {
		t.Fatalf("%d live sessions, %v", len(live), err)
	}
	return live[0]
}

// When somebody proved who they are may lie before their session.
func TestAuthTimeIsItsOwn(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		proven := time.Now().Add(-5 * time.Minute).UTC().Truncate(time.Millisecond)
		s, _, err := f.Start(t.Context(), models.Session{ID: newID(), UserID: f.user.ID, Count: 1, Idle: time.Hour,
			AMR: []string{"fed"}, AuthTime: proven}, time.Hour)
		if err != nil || !s.AuthTime.Equal(proven) || !s.StartedAt.After(proven) {
			t.Fatalf("started %+v, %v", s, err)
		}
		if got := f.rotate(t, s, 1, models.Rotated, 2); !got.AuthTime.Equal(proven) || !got.StartedAt.Equal(s.StartedAt) {
			t.Fatalf("after a rotation: %+v", got)
		}
	})
}

// What changes a person changes what each of their sessions claims from the next rotation on, and nothing else
// of it; sessions that have ended stay ended, and nobody else's are touched.
func TestRewriteReachesLiveSessionsAlone(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		one, two, over := f.start(t), f.start(t), f.start(t)
		if _, err := f.End(t.Context(), f.user.ID, over.ID); err != nil {
			t.Fatal(err)
		}
		want := models.Claims{Roles: models.Roles{"reader"}, Name: "Ada\tKing", Email: "countess@example.com",
			EmailVerified: true}
		if err := f.Rewrite(t.Context(), f.user.ID, want); err != nil {
			t.Fatal(err)
		}
		if err := f.Rewrite(t.Context(), uuid.NewString(), ada); err != nil {
			t.Fatal("of somebody without a session:", err)
		}
		for _, s := range []models.Session{one, two} {
			got := f.rotate(t, s, 1, models.Rotated, 2)
			got.Claims.Name = strings.ReplaceAll(got.Claims.Name, " ", "\t") // a store may keep a tab as a blank
			if !got.Claims.Equal(want) || !got.StartedAt.Equal(s.StartedAt) || got.Client != s.Client ||
				!slices.Equal(got.AMR, s.AMR) {
				t.Errorf("rotated as %+v", got)
			}
		}
		f.rotate(t, over, 1, models.Gone, 0)
		if _, err := f.EndUser(t.Context(), f.user.ID, "", time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := f.Rewrite(t.Context(), f.user.ID, ada); err != nil {
			t.Fatal(err)
		}
		if live, err := f.ByUser(t.Context(), f.user.ID); err != nil || len(live) != 0 {
			t.Errorf("%d live sessions, %v", len(live), err)
		}
	})
}

// Rewriting and rotating at once lose neither.
func TestRewriteAndRotationDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		s := f.start(t)
		var both sync.WaitGroup
		both.Go(func() {
			for count := int64(1); count <= 20; count++ {
				if _, outcome, err := f.Rotate(t.Context(), s.UserID, s.ID, count); err != nil || outcome != models.Rotated {
					t.Errorf("rotate %d: %d, %v", count, outcome, err)
				}
			}
		})
		for i := range 20 {
			if err := f.Rewrite(t.Context(), f.user.ID, models.Claims{Name: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		}
		both.Wait()
		if got := f.only(t); got.Count != 21 || got.Claims.Name != "19" {
			t.Errorf("stands at %d as %q", got.Count, got.Claims.Name)
		}
	})
}

func TestRotationMovesOnAndReplays(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		s := f.start(t)
		moved := f.rotate(t, s, 1, models.Rotated, 2)
		f.clock.advance(testGrace - time.Second)
		again := f.rotate(t, s, 1, models.Replayed, 2)
		if !again.RotatedAt.Equal(moved.RotatedAt) {
			t.Fatal("a replay wrote something")
		}
		f.rotate(t, s, 2, models.Rotated, 3)
		f.rotate(t, s, 3, models.Rotated, 4)
		f.rotate(t, s, 2, models.Reused, 4)
		f.rotate(t, s, 4, models.Gone, 0)
		if !f.inFeed(t, s.ID) {
			t.Fatal("the feed does not know of a session that ended by reuse")
		}
	})
}

// A lost answer may be asked for again, for a day; an acknowledged one is reuse after the grace.
func TestAcknowledgementMakesReuse(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		lost := f.start(t)
		f.rotate(t, lost, 1, models.Rotated, 2)
		f.clock.advance(50 * time.Minute)
		f.rotate(t, lost, 1, models.Replayed, 2)

		acknowledged := f.start(t)
		f.rotate(t, acknowledged, 1, models.Rotated, 2)
		f.acknowledge(t, acknowledged, 1) // old news: changes nothing
		f.clock.advance(testGrace + time.Second)
		f.rotate(t, acknowledged, 1, models.Replayed, 2)
		f.acknowledge(t, acknowledged, 2)
		f.rotate(t, acknowledged, 1, models.Reused, 2)
	})
}

func TestLostAnswerIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		s, _, err := f.Start(t.Context(), models.Session{ID: newID(), UserID: f.user.ID, Count: 1, Idle: 72 * time.Hour,
			AMR: []string{"pwd"}}, 96*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		f.rotate(t, s, 1, models.Rotated, 2)
		f.clock.advance(models.LostAnswer + time.Second)
		f.rotate(t, s, 1, models.Reused, 2)
	})
}

func TestAcknowledgementInsideTheGraceStillReplays(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		s := f.start(t)
		f.rotate(t, s, 1, models.Rotated, 2)
		f.acknowledge(t, s, 2)
		f.rotate(t, s, 1, models.Replayed, 2)
	})
}

func TestAbsentIsNotReuse(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		f.rotate(t, models.Session{ID: newID(), UserID: f.user.ID}, 5, models.Gone, 0)
		s := f.start(t)
		f.rotate(t, models.Session{ID: s.ID, UserID: uuid.NewString()}, 1, models.Gone, 0) // another user's
		f.rotate(t, s, 1, models.Rotated, 2)
	})
}

// A store that failed over may have lost its latest rotations; a count that only we can sign says so.
func TestLostRotationIsMadeGood(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		s := f.start(t)
		f.rotate(t, s, 7, models.Rotated, 8)
		f.rotate(t, s, 8, models.Rotated, 9)
	})
}

func TestIdleAndAbsoluteEnd(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		idle := f.start(t)
		f.clock.advance(time.Hour)
		f.rotate(t, idle, 1, models.Gone, 0)

		absolute := f.start(t)
		f.clock.advance(50 * time.Minute)
		f.rotate(t, absolute, 1, models.Rotated, 2)
		f.clock.advance(50 * time.Minute)
		f.rotate(t, absolute, 2, models.Rotated, 3)
		f.clock.advance(20 * time.Minute)
		f.rotate(t, absolute, 3, models.Gone, 0)
		if live, err := f.ByUser(t.Context(), f.user.ID); err != nil || len(live) != 0 {
			t.Fatalf("%d live, %v", len(live), err)
		}
	})
}

func TestRefreshNeverBringsBack(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		s := f.start(t)
		if _, err := f.End(t.Context(), s.UserID, s.ID); err != nil {
			t.Fatal(err)
		}
		f.acknowledge(t, s, 1)
		f.rotate(t, s, 1, models.Gone, 0)
		if live, err := f.Live(t.Context(), s.UserID, s.ID); live || err != nil {
			t.Fatalf("live: %v, %v", live, err)
		}
		if !f.inFeed(t, s.ID) {
			t.Fatal("the feed does not know")
		}
		if _, err := f.End(t.Context(), s.UserID, s.ID); err != nil {
			t.Fatalf("ending twice: %v", err)
		}
	})
}

func TestEndUserKeepsOne(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		kept, one, two := f.start(t), f.start(t), f.start(t)
		ended, err := f.EndUser(t.Context(), f.user.ID, kept.ID, time.Time{})
		if err != nil || len(ended) != 2 {
			t.Fatalf("%d ended, %v", len(ended), err)
		}
		for _, s := range []models.Session{one, two} {
			f.rotate(t, s, 1, models.Gone, 0)
			if !f.inFeed(t, s.ID) {
				t.Fatal("the feed does not know")
			}
		}
		f.rotate(t, kept, 1, models.Rotated, 2)
		if ended, err = f.EndUser(t.Context(), f.user.ID, "", time.Time{}); err != nil || len(ended) != 1 {
			t.Fatalf("%d ended, %v", len(ended), err)
		}
	})
}

// An ending that is carried out late takes no session that began after what it is for.
func TestEndUserLeavesWhatBeganLater(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		old, kept := f.start(t), f.start(t)
		before := kept.StartedAt.Add(time.Second)
		f.clock.advance(2 * time.Second)
		later := f.start(t)
		if ended, err := f.EndUser(t.Context(), f.user.ID, kept.ID, before); err != nil || len(ended) != 1 ||
			ended[0].SessionID != old.ID {
			t.Fatalf("ended %v, %v, want %s", ended, err, old.ID)
		}
		f.rotate(t, old, 1, models.Gone, 0)
		f.rotate(t, kept, 1, models.Rotated, 2)
		f.rotate(t, later, 1, models.Rotated, 2)
		// The very moment counts as before: of two that cannot be told apart, none is spared.
		if ended, err := f.EndUser(t.Context(), f.user.ID, kept.ID, later.StartedAt); err != nil || len(ended) != 1 {
			t.Fatalf("ended %v, %v", ended, err)
		}
		f.rotate(t, later, 2, models.Gone, 0)
	})
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		first := f.start(t)
		f.clock.advance(time.Second)
		for range models.MaxSessions - 1 {
			f.start(t)
		}
		_, retired, err := f.Start(t.Context(), models.Session{ID: newID(), UserID: f.user.ID, Count: 1, Idle: time.Hour,
			AMR: []string{"pwd"}}, time.Hour)
		if err != nil || len(retired) != 1 || retired[0].SessionID != first.ID {
			t.Fatalf("retired %v, %v", retired, err)
		}
		f.rotate(t, first, 1, models.Gone, 0)
		if !f.inFeed(t, first.ID) {
			t.Fatal("the feed does not know")
		}
	})
}

// Racing tabs present one count; exactly one rotation is written, and all get its successor.
func TestRacingRotationsMakeOneSuccessor(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		s := f.start(t)
		var rotated, replayed atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				got, outcome, err := f.Rotate(t.Context(), s.UserID, s.ID, 1)
				if err != nil || got.Count != 2 {
					t.Errorf("at %d, %v", got.Count, err)
				}
				switch outcome {
				case models.Rotated:
					rotated.Add(1)
				case models.Replayed:
					replayed.Add(1)
				case models.Gone, models.Reused:
					t.Errorf("outcome %d", outcome)
				}
			})
		}
		all.Wait()
		if rotated.Load() != 1 || replayed.Load() != 49 {
			t.Fatalf("%d rotated, %d replayed", rotated.Load(), replayed.Load())
		}
	})
}

// The feed tells what ended after the cursor, to whoever follows it.
func TestFeedTellsWhatEnds(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		_, cursor, err := f.Ended(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		s := f.start(t)
		if _, err := f.End(t.Context(), s.UserID, s.ID); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(30 * time.Second); ; {
			ended, next, err := f.Ended(t.Context(), cursor)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range ended {
				if e.SessionID == s.ID {
					return
				}
			}
			if cursor = next; time.Now().After(deadline) {
				t.Fatal("the feed never told")
			}
		}
	})
}

// A store that does not answer says so; it never says that a session is over.
func TestStoreErrorIsNeverEnded(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, f fixture) {
		s := f.start(t)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, outcome, err := f.Rotate(gone, s.UserID, s.ID, 1); err == nil {
			t.Fatalf("outcome %d and no error", outcome)
		}
		if _, err := f.Live(gone, s.UserID, s.ID); err == nil {
			t.Fatal("no error")
		}
		if _, _, err := f.Ended(gone, ""); err == nil {
			t.Fatal("no error")
		}
		f.rotate(t, s, 1, models.Rotated, 2)
	})
}

// Scripts that the server has forgotten (SCRIPT FLUSH, a failover) are sent again.
func TestRedisScriptsComeBack(t *testing.T) {
	clock := &moved{}
	f := fixture{onRedis(t, clock), clock, models.User{ID: uuid.NewString()}}
	s := f.start(t)
	flush := func() {
		if err := f.Store.(*Redis).client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	f.rotate(t, s, 1, models.Rotated, 2)
	flush()
	f.acknowledge(t, s, 2)
	f.clock.advance(testGrace + time.Second)
	f.rotate(t, s, 1, models.Reused, 2)
}
