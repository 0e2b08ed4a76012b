package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/models"
)

// feedKey is the stream of ended sessions, read by every process and trimmed by time. Each entry has a kind, and
// s for its ids. A kind that this build does not know is passed over: a newer one may add some.
const feedKey = "gatehouse:ended"

const (
	kindEnded = "ended"
	kindBeat  = "beat" // nothing ended; the feed takes entries
)

const (
	feedBlock = 500 * time.Millisecond
	// feedMargin is how much longer than an access token's life an ending is kept, read back and
	// remembered, for clocks that differ.
	feedMargin = 5 * time.Minute
)

// Ended reads the feed. See Store.
func (r *Redis) Ended(ctx context.Context, cursor string) ([]models.Ended, string, error) {
	if err := r.again(ctx, cursor == ""); err != nil {
		return nil, cursor, err
	}
	if err := r.beat(ctx, cursor == ""); err != nil {
		return nil, cursor, err
	}
	if cursor != "" {
		return r.read(ctx, cursor, feedBlock)
	}
	var ended []models.Ended
	cursor = streamID(time.Now().Add(-r.keep - feedMargin))
	for {
		more, last, err := r.read(ctx, cursor, -1)
		if err != nil || len(more) == 0 {
			return ended, last, err
		}
		ended, cursor = append(ended, more...), last
	}
}

// beatEvery is how often this process adds an empty entry to the feed.
const beatEvery = 2 * time.Second

// beat proves that the feed takes entries, and notes from when on it is whole. A Redis that is full
// (noeviction) or has become a replica can be read, and says nothing of what ends: the endings of other
// processes would be missed for an access token's life. One that has come back empty begins here.
func (r *Redis) beat(ctx context.Context, again bool) error {
	r.mu.Lock()
	due := again || time.Since(r.beaten) >= beatEvery
	r.mu.Unlock()
	if !due {
		return nil
	}
	var first *redis.XMessageSliceCmd
	_, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.XAdd(ctx, r.entry(kindBeat, ""))
		first = pipe.XRangeN(ctx, feedKey, "-", "+", 1)
		return nil
	})
	if err != nil {
		return feedError(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beaten = time.Now()
	if entries := first.Val(); len(entries) > 0 {
		r.since = timeOf(entries[0].ID)
	}
	return nil
}

// ErrOldRedis says that this Redis cannot trim a stream by time. Nothing works without; Open fails with it.
var ErrOldRedis = errors.New("session: REDIS_URL: this Redis is too old; use 6.2 or later")

// feedError names the version where an answer shows that it is too low.
func feedError(err error) error {
	for _, answer := range []string{"Invalid stream ID", "unknown command"} {
		if redis.HasErrorPrefix(err, answer) {
			return fmt.Errorf("%w: %w", ErrOldRedis, err)
		}
	}
	return fmt.Errorf("session: add to the feed: %w", err)
}

// Since is the time of the feed's first entry. See Store.
func (r *Redis) Since() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.since
}

// timeOf is when an entry was added, by Redis's clock.
func timeOf(id string) time.Time {
	at, _, _ := strings.Cut(id, "-")
	ms, _ := strconv.ParseInt(at, 10, 64)
	return fromMS(ms)
}

// read takes what the feed has after the cursor, and waits for it no longer than block.
func (r *Redis) read(ctx context.Context, cursor string, block time.Duration) ([]models.Ended, string, error) {
	streams, err := r.client.XRead(ctx, &redis.XReadArgs{Streams: []string{feedKey, cursor}, Count: 10_000,
		Block: block}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 { // some servers say nothing in another way
		return nil, cursor, nil
	}
	if err != nil {
		return nil, cursor, fmt.Errorf("session: read feed: %w", err)
	}
	var ended []models.Ended
	for _, message := range streams[0].Messages {
		cursor = message.ID
		if kind, has := message.Values["kind"]; has && kind != kindEnded { // without one, it is of before there were kinds
			continue
		}
		ids, _ := message.Values["s"].(string)
		for id := range strings.FieldsSeq(ids) {
			ended = append(ended, models.Ended{SessionID: id, At: timeOf(message.ID)})
		}
	}
	return ended, cursor, nil
}

// ending is a session that ended through this process.
type ending struct {
	userID, id string
	at         time.Time
}

const (
	// recentFor is how long a process can vouch for its endings: a server that takes over from
	// another may have missed the last of them.
	recentFor  = 2 * time.Minute
	recentMost = 10_000
)

// made has the feed told of endings that are made: pending are those that the script could not append.
func (r *Redis) made(ctx context.Context, userID string, ids []string, pending string) error {
	if pending == "" {
		r.remember(userID, ids, false)
		return nil
	}
	return r.publish(ctx, userID, pending)
}

// publish appends sessions that are already over to the feed. If that fails the caller hears of it,
// and they are appended before the feed is next read, by this process or, from the user's own field,
// by whichever next ends, rotates or starts a session of theirs.
func (r *Redis) publish(ctx context.Context, userID, pending string) error {
	err := r.client.XAdd(ctx, r.entry(kindEnded, pending)).Err()
	r.remember(userID, strings.Fields(pending), err != nil)
	if err != nil {
		return fmt.Errorf("session: publish: %w", err)
	}
	_ = r.clear.Run(ctx, r.client, []string{key(userID)}, pending).Err() // kept, they are appended once more
	return nil
}

func (r *Redis) remember(userID string, ids []string, dirty bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirty = r.dirty || dirty
	now := time.Now()
	for _, id := range ids {
		r.recent = append(r.recent, ending{userID, id, now})
	}
	past := max(0, len(r.recent)-recentMost)
	for past < len(r.recent) && !r.dirty && now.Sub(r.recent[past].at) > recentFor {
		past++
	}
	r.recent = r.recent[past:]
}

// again ends what this process ended a short while ago once more, where the feed may not have it:
// after a failure, or when the server that answers may be another one.
func (r *Redis) again(ctx context.Context, other bool) error {
	r.mu.Lock()
	recent, dirty := slices.Clone(r.recent), r.dirty
	r.mu.Unlock()
	if len(recent) == 0 || !dirty && !other {
		return nil
	}
	ids := make([]string, len(recent))
	_, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, e := range recent {
			ids[i] = e.id
			pipe.HDel(ctx, key(e.userID), e.id, e.id+":", e.id+"@", e.id+"=")
		}
		return nil
	})
	if err == nil { // never in the same pipeline: on a Cluster it would be said of a session that lives on
		err = r.client.XAdd(ctx, r.entry(kindEnded, strings.Join(ids, " "))).Err()
	}
	if err != nil {
		return fmt.Errorf("session: publish again: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirty = r.dirty && len(r.recent) > len(recent)
	return nil
}

func (r *Redis) entry(kind, ids string) *redis.XAddArgs {
	return &redis.XAddArgs{Stream: feedKey, MinID: r.oldest(), Approx: true, Values: []string{"kind", kind, "s", ids}}
}

// oldest is the first entry that the feed has to keep.
func (r *Redis) oldest() string { return streamID(time.Now().Add(-r.keep - 2*feedMargin)) }

// streamID is the first id of a time by the machine's own clock: stream ids are made by Redis, whose
// clock tests cannot move.
func streamID(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) + "-0" }

func endedNow(ids []string) []models.Ended {
	var ended []models.Ended
	for _, id := range ids {
		ended = append(ended, models.Ended{SessionID: id, At: time.Now()})
	}
	return ended
}
