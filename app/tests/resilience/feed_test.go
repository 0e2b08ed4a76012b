//go:build resilience

package resilience_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/app/session"
	"gatehouse/models"
)

const feedKey = "gatehouse:ended"

func userKey(id string) string { return "gatehouse:{" + id + "}" }

// The answer of a script is lost after it has ended sessions: whoever tries again tells the feed.
func TestEndingWhoseAnswerWasLost(t *testing.T) {
	w := newWorld(t, newRedis(t).url())
	engines := twoEngines(t, w, &moved{})
	user := models.User{ID: newUserID()}
	pair := w.startedOn(engines[0], user)
	id := pair.Session.ID
	// As end_user.lua leaves it: the record gone, the id waiting, and nothing in the feed.
	w.client.HDel(t.Context(), userKey(user.ID), id, id+":", id+"@")
	w.client.HSet(t.Context(), userKey(user.ID), "!", id)
	if _, err := engines[0].EndUser(t.Context(), user.ID, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other process refuses it", func() bool {
		_, err := engines[1].Resume(t.Context(), pair.Access)
		return errors.Is(err, session.ErrEnded)
	})
	if waiting := w.client.HExists(t.Context(), userKey(user.ID), "!").Val(); waiting {
		t.Error("what the feed has still waits")
	}
}

// A replica that missed the last writes takes over: what a process ended just before, it ends again.
func TestEndingThatAFailoverLost(t *testing.T) {
	w := newWorld(t, newRedis(t).url())
	user := models.User{ID: newUserID()}
	store := session.NewRedis(w.client, grace, accessTTL, never)
	for _, ends := range []func(id string) error{
		func(id string) error { _, err := store.End(t.Context(), user.ID, id); return err },
		func(string) error { _, err := store.EndUser(t.Context(), user.ID, "", time.Time{}); return err },
	} {
		pair := w.started(user)
		before := w.client.HGetAll(t.Context(), userKey(user.ID)).Val()
		if err := ends(pair.Session.ID); err != nil {
			t.Fatal(err)
		}
		w.client.Del(t.Context(), feedKey)
		w.client.HSet(t.Context(), userKey(user.ID), before)
		if _, _, err := store.Ended(t.Context(), ""); err != nil { // the first look at another server
			t.Fatal(err)
		}
		if live, err := store.Live(t.Context(), user.ID, pair.Session.ID); err != nil || live {
			t.Errorf("a session that was ended lives again: %v", err)
		}
		other := engineOn(w.client, w.keys, time.Now, never)
		if err := other.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Resume(t.Context(), pair.Access); !errors.Is(err, session.ErrEnded) {
			t.Errorf("a process that starts now does not know: %v", err)
		}
	}
}

// A process that starts after a mass sign-out knows all of it before its first request.
func TestAllIsReadBackAtStart(t *testing.T) {
	const endings = 25_000
	w := newWorld(t, newRedis(t).url())
	first, last := w.started(models.User{ID: newUserID()}), w.started(models.User{ID: newUserID()})
	if err := w.engine.End(t.Context(), first.Session.UserID, first.Session.ID); err != nil {
		t.Fatal(err)
	}
	pipe := w.client.Pipeline()
	for range endings {
		pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: feedKey, Values: []string{"s", "AAAAAAAAAAAAAAAAAAAAAA"}})
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.engine.End(t.Context(), last.Session.UserID, last.Session.ID); err != nil {
		t.Fatal(err)
	}
	late := engineOn(w.client, w.keys, time.Now, never)
	if err := late.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pair := range []session.Pair{first, last} {
		if _, err := late.Resume(t.Context(), pair.Access); !errors.Is(err, session.ErrEnded) {
			t.Errorf("an ending among %d is not known at start: %v", endings, err)
		}
	}
	report(t, "%d endings read back before the first request", endings+2)
}
