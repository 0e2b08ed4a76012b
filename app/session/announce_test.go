package session

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"gatehouse/models"
)

// onNodes runs a test with the feed beside the sessions, as on one server, and apart from them, as on a Cluster.
func onNodes(t *testing.T, test func(t *testing.T, f fixture, client *redis.Client)) {
	t.Helper()
	for name, apart := range map[string]bool{"one node": false, "two nodes": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock, client := &moved{}, ownRedis(t)
			store := NewRedis(client, testGrace, testKeep, clock.ahead)
			store.apart = apart
			test(t, fixture{store, clock, models.User{ID: uuid.NewString()}}, client)
		})
	}
}

// ways are all by which a session ends, each on its own.
var ways = map[string]func(t *testing.T, f fixture, s models.Session) error{
	"End": func(t *testing.T, f fixture, s models.Session) error {
		_, err := f.End(t.Context(), s.UserID, s.ID)
		return err
	},
	"EndUser": func(t *testing.T, f fixture, s models.Session) error {
		_, err := f.EndUser(t.Context(), s.UserID, "", time.Time{})
		return err
	},
}

// An ending that was not made is not announced: every process would refuse a session that lives on.
func TestWhatDidNotEndIsNotAnnounced(t *testing.T) {
	t.Parallel()
	onNodes(t, func(t *testing.T, f fixture, client *redis.Client) {
		for name, end := range ways {
			s := models.Session{ID: newID(), UserID: uuid.NewString()}
			client.Set(t.Context(), key(s.UserID), "its node takes no removal", 0)
			if err := end(t, f, s); err == nil {
				t.Errorf("%s: no error", name)
			}
			if f.inFeed(t, s.ID) {
				t.Errorf("%s: announced", name)
			}
		}
	})
}

// An ending that could not be announced is an error; whoever tries again announces it, although the session is
// gone by then, and so does whatever else that person does.
func TestWhatEndedIsAnnouncedInTheEnd(t *testing.T) {
	t.Parallel()
	onNodes(t, func(t *testing.T, f fixture, client *redis.Client) {
		later := map[string]func(f fixture, s models.Session) error{
			"another start": func(f fixture, s models.Session) error {
				_, _, err := f.Start(t.Context(), models.Session{ID: newID(), UserID: s.UserID, Count: 1, Idle: time.Hour,
					AMR: []string{"pwd"}}, time.Hour)
				return err
			},
			"a refresh of it": func(f fixture, s models.Session) error {
				_, _, err := f.Rotate(t.Context(), s.UserID, s.ID, 1)
				return err
			},
			"ending it again": func(f fixture, s models.Session) error { return ways["End"](t, f, s) },
			"ending all":      func(f fixture, s models.Session) error { return ways["EndUser"](t, f, s) },
		}
		for name, end := range ways {
			for then, again := range later {
				s := fixture{f.Store, f.clock, models.User{ID: uuid.NewString()}}.start(t)
				client.Del(t.Context(), feedKey)
				client.Set(t.Context(), feedKey, "its node takes no entries", 0)
				if err := end(t, f, s); err == nil {
					t.Errorf("%s: no error", name)
				}
				client.Del(t.Context(), feedKey)
				other := NewRedis(client, testGrace, testKeep, f.clock.ahead) // the first process is gone
				other.apart = f.Store.(*Redis).apart
				g := fixture{other, f.clock, f.user}
				if live, err := g.Live(t.Context(), s.UserID, s.ID); live || err != nil || g.inFeed(t, s.ID) {
					t.Fatalf("%s: live %v, %v, or in the feed", name, live, err)
				}
				if err := again(g, s); err != nil {
					t.Fatal(err)
				}
				if !g.inFeed(t, s.ID) {
					t.Errorf("%s, then %s: not announced", name, then)
				}
				if client.HExists(t.Context(), key(s.UserID), "!").Val() {
					t.Errorf("%s, then %s: what the feed has still waits", name, then)
				}
			}
		}
	})
}

// Two processes end a person's sessions at once, and one of them dies before it has told: what the other has told
// does not take the rest along.
func TestTellingOfOneEndingKeepsTheOthersWaiting(t *testing.T) {
	t.Parallel()
	clock, client := &moved{}, ownRedis(t)
	store := NewRedis(client, testGrace, testKeep, clock.ahead)
	store.apart = true
	f := fixture{store, clock, models.User{ID: uuid.NewString()}}
	one, two := f.start(t), f.start(t)
	ends := func(s models.Session) string {
		pending, err := store.end.Run(t.Context(), client, store.keys(s.UserID), s.ID, store.oldest()).Text()
		if err != nil {
			t.Fatal(err)
		}
		return pending
	}
	first := ends(one)
	_ = ends(two) // and dies
	if err := store.publish(t.Context(), f.user.ID, first); err != nil {
		t.Fatal(err)
	}
	if !f.inFeed(t, one.ID) || f.inFeed(t, two.ID) {
		t.Fatal("not the first alone")
	}
	f.rotate(t, two, 1, models.Gone, 0)
	if !f.inFeed(t, two.ID) {
		t.Error("the second is never announced")
	}
	if left := client.Exists(t.Context(), key(f.user.ID)).Val(); left != 0 {
		t.Error("ids wait for ever")
	}
}

// A server that is full can still take sessions away. On one node the feed is told in the same step; elsewhere
// the caller hears that it was not, and this process announces it when there is room.
func TestAnEndingOnAFullRedis(t *testing.T) {
	t.Parallel()
	onNodes(t, func(t *testing.T, f fixture, client *redis.Client) {
		s := f.start(t)
		client.ConfigSet(t.Context(), "maxmemory", "1mb")
		if _, err := f.End(t.Context(), s.UserID, s.ID); (err != nil) != f.Store.(*Redis).apart {
			t.Errorf("answered %v", err)
		}
		if live, err := f.Live(t.Context(), s.UserID, s.ID); live || err != nil {
			t.Errorf("live: %v, %v", live, err)
		}
		client.ConfigSet(t.Context(), "maxmemory", "0")
		if !f.inFeed(t, s.ID) {
			t.Error("not announced when there is room again")
		}
	})
}

// A person's ids that wait do not stay for ever where nobody comes to tell of them.
func TestWaitingIdsRunOut(t *testing.T) {
	t.Parallel()
	client := ownRedis(t)
	store := NewRedis(client, testGrace, testKeep, func() time.Duration { return 0 })
	store.apart = true
	user := uuid.NewString()
	if err := store.end.Run(t.Context(), client, store.keys(user), newID(), store.oldest()).Err(); err != nil {
		t.Fatal(err)
	}
	if left := client.PTTL(t.Context(), key(user)).Val(); left <= 0 || left > 25*time.Hour {
		t.Errorf("they wait for %s", left)
	}
}

// Streams are trimmed by time (XADD MINID): an older Redis answers as these do, and the start says which it needs.
func TestAnOldRedisIsNamed(t *testing.T) {
	t.Parallel()
	client := ownRedis(t)
	for _, said := range []string{"ERR Invalid stream ID specified as stream command argument",
		"ERR unknown command 'XADD', with args beginning with: "} {
		err := client.Eval(t.Context(), `return redis.error_reply(ARGV[1])`, nil, said).Err()
		if named := feedError(err); !errors.Is(named, ErrOldRedis) || !errors.Is(named, err) {
			t.Errorf("%q becomes %v", said, named)
		}
	}
	if err := feedError(errors.New("connection refused")); errors.Is(err, ErrOldRedis) {
		t.Error("a server that does not answer is called old")
	}
}
