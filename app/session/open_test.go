package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"gatehouse/models"
)

// In a rolling deployment two builds share one Redis, and the newer one has added fields. Neither may stumble
// over the other's records.

// newer is a store of a build to come: its rotations count themselves in a number behind those of today, and it
// keeps one value more in every other field, and one field more.
func newer(t *testing.T, clock *moved) *Redis {
	t.Helper()
	r := onRedis(t, clock)
	const read = "local count, rotated, acknowledged, ends, idle, added = numbers(fields[1])\n"
	source := commonSource + strings.Replace(rotateSource, read,
		read+"added = ' ' .. tonumber(string.match(added, '^ (%d+)') or '0') + 1\n", 1)
	if source == commonSource+rotateSource {
		t.Fatal("the script has changed: say here what a newer one would add")
	}
	r.rotate = redis.NewScript(source)
	return r
}

func (r *Redis) addFields(t *testing.T, s models.Session) {
	t.Helper()
	at, ctx := key(s.UserID), t.Context()
	for _, suffix := range []string{":", "@", "="} {
		kept := r.client.HGet(ctx, at, s.ID+suffix).Val()
		r.client.HSet(ctx, at, s.ID+suffix, kept+"\tadded\tlater")
	}
	r.client.HSet(ctx, at, s.ID, r.client.HGet(ctx, at, s.ID).Val()+" 0 more", s.ID+"+", "a field of its own")
}

// added is what a newer build would find of its own: the count of its rotations, and its values.
func (r *Redis) added(t *testing.T, s models.Session) string {
	t.Helper()
	fields := r.client.HGetAll(t.Context(), key(s.UserID)).Val()
	numbers := strings.Fields(fields[s.ID])
	found := []string{strings.Join(numbers[min(5, len(numbers)):], " "), fields[s.ID+"+"]}
	for suffix, values := range map[string]int{":": 5, "@": 2, "=": 5} {
		kept := strings.Split(fields[s.ID+suffix], "\t")
		found = append(found, suffix+strings.Join(kept[min(values, len(kept)):], ","))
	}
	slices.Sort(found[2:])
	return strings.Join(found, "; ")
}

func TestOurBuildKeepsWhatANewerOneAdds(t *testing.T) {
	t.Parallel()
	clock := &moved{}
	ours, theirs := onRedis(t, clock), newer(t, clock)
	f := fixture{ours, clock, models.User{ID: uuid.NewString()}}
	s := fixture{theirs, clock, f.user}.start(t)
	theirs.addFields(t, s)
	const want = "0 more; a field of its own; :added,later; =added,later; @added,later"
	same := func(after string) {
		t.Helper()
		if got := theirs.added(t, s); got != want {
			t.Errorf("after %s: %s", after, got)
		}
	}
	if got := f.only(t); got.Client != s.Client || got.IP != s.IP || got.Provider != s.Provider || !got.Claims.Equal(ada) {
		t.Errorf("listed as %+v", got)
	}
	if got := f.rotate(t, s, 1, models.Rotated, 2); !got.Claims.Equal(ada) || got.IP != s.IP ||
		!got.AuthTime.Equal(s.AuthTime) {
		t.Errorf("rotated as %+v", got)
	}
	same("a rotation")
	f.acknowledge(t, s, 2)
	if same("an acknowledgement"); !f.only(t).Acknowledged {
		t.Error("not acknowledged")
	}
	fields := ours.client.HLen(t.Context(), key(f.user.ID)).Val()
	if err := f.Rewrite(t.Context(), f.user.ID, models.Claims{Name: "Countess"}); err != nil {
		t.Fatal(err)
	}
	if same("a rewriting"); ours.client.HLen(t.Context(), key(f.user.ID)).Val() != fields {
		t.Error("a rewriting adds fields")
	}
	if got := f.rotate(t, s, 1, models.Replayed, 2); got.Claims.Name != "Countess" {
		t.Errorf("replayed as %+v", got)
	}
	other := f.start(t)
	same("another start")
	f.clock.advance(testGrace + time.Second)
	nothingOf := func(id string) {
		t.Helper()
		for field := range ours.client.HGetAll(t.Context(), key(f.user.ID)).Val() {
			if strings.HasPrefix(field, id) {
				t.Errorf("of an ended session %q is left", field)
			}
		}
	}
	f.rotate(t, s, 1, models.Reused, 2)
	nothingOf(s.ID)
	theirs.addFields(t, other)
	if _, err := f.End(t.Context(), f.user.ID, other.ID); err != nil {
		t.Fatal(err)
	}
	nothingOf(other.ID)
	theirs.addFields(t, f.start(t))
	if _, err := f.EndUser(t.Context(), f.user.ID, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	nothingOf("")
}

// And the newer build finds its way in what ours writes, which lacks all that it added.
func TestBothBuildsRotateOneSession(t *testing.T) {
	t.Parallel()
	clock := &moved{}
	ours, theirs := onRedis(t, clock), newer(t, clock)
	old, fresh := fixture{ours, clock, models.User{ID: uuid.NewString()}}, fixture{theirs, clock, models.User{}}
	s := old.start(t)
	for count := int64(1); count <= 10; count += 2 {
		fresh.rotate(t, s, count, models.Rotated, count+1)
		old.rotate(t, s, count, models.Replayed, count+1)
		old.acknowledge(t, s, count+1)
		old.rotate(t, s, count+1, models.Rotated, count+2)
	}
	if got := theirs.added(t, s); !strings.HasPrefix(got, "5; ") {
		t.Errorf("of five rotations the newer build finds %s", got)
	}
	if got := old.only(t); got.Count != 11 || !got.Claims.Equal(ada) {
		t.Errorf("stands as %+v", got)
	}
}

// A record of the build before this one: no auth time, one way of proving, no claims.
func TestAnOlderRecordIsRead(t *testing.T) {
	t.Parallel()
	clock := &moved{}
	f := fixture{onRedis(t, clock), clock, models.User{ID: uuid.NewString()}}
	id, now := newID(), time.Now().UnixMilli()
	f.Store.(*Redis).client.HSet(t.Context(), key(f.user.ID), id, fmt.Sprintf("1 %d 0 %d 3600000", now, now+7200000),
		id+":", fmt.Sprintf("%d\t1\tpwd\tgoogle", now), id+"@", "Firefox on Linux\t192.0.2.1")
	s := models.Session{ID: id, UserID: f.user.ID}
	got := f.rotate(t, s, 1, models.Rotated, 2)
	if !slices.Equal(got.AMR, []string{"pwd"}) || !got.AuthTime.Equal(fromMS(now)) || got.IP != "192.0.2.1" ||
		got.Claims.Name != "" || len(got.Claims.Roles) > 0 {
		t.Errorf("read as %+v", got)
	}
	if err := f.Rewrite(t.Context(), f.user.ID, ada); err != nil || !f.only(t).Claims.Equal(ada) {
		t.Errorf("rewritten as %+v, %v", f.only(t), err)
	}
}

// A newer build may tell the feed of other things: they are passed over, whatever they hold, and what comes
// behind them is read.
func TestUnknownKindsInTheFeedArePassedOver(t *testing.T) {
	t.Parallel()
	clock := &moved{}
	f := fixture{onRedis(t, clock), clock, models.User{ID: uuid.NewString()}}
	client, live, over := f.Store.(*Redis).client, f.start(t), f.start(t)
	for _, values := range [][]string{{"kind", "paused", "s", live.ID}, {"kind", "rewritten", "user", f.user.ID},
		{"kind", kindEnded, "why", "no ids"}} {
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: feedKey, Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.End(t.Context(), f.user.ID, over.ID); err != nil {
		t.Fatal(err)
	}
	if f.inFeed(t, live.ID) || !f.inFeed(t, over.ID) {
		t.Error("a kind that is unknown ends a session, or hides one that ended")
	}
}
