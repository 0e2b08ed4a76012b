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

// feedKey is the stream of ended sessions, read by every process and trimmed by time.
const feedKey = "gatehouse:ended"

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
		pipe.XAdd(ctx, r.entry(nil))
		first = pipe.XRangeN(ctx, feedKey, "-", "+", 1)
		return nil
	})
	if err != nil {
		return fmt.Errorf("session: add to the feed: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beaten = time.Now()
	if entries := first.Val(); len(entries) > 0 {
		r.since = timeOf(entries[0].ID)
	}
	return nil
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
	streams, err := r.client.XRead(ctx, &redis.XReadArgs{Streams: []string{feedKey, cursor}, Count: 10_000, Block: block}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 { // some servers say nothing in another way
		return nil, cursor, nil
	}
	if err != nil {
		return nil, cursor, fmt.Errorf("session: read feed: %w", err)
	}
	var ended []models.Ended
	for _, message := range streams[0].Messages {
		for _, id := range strings.Fields(fmt.Sprint(message.Values["s"])) {
			ended = append(ended, models.Ended{SessionID: id, At: timeOf(message.ID)})
		}
		cursor = message.ID
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

// publish appends sessions that are already over to the feed. If that fails the caller hears of it,
// and they are appended before the feed is next read, by this process or, from the user's own field,
// by whichever next ends or starts a session of theirs.
func (r *Redis) publish(ctx context.Context, userID string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	err := r.client.XAdd(ctx, r.entry(ids)).Err()
	r.remember(userID, ids, err != nil)
	if err != nil {
		return fmt.Errorf("session: publish: %w", err)
	}
	if err := r.client.HDel(ctx, key(userID), "!").Err(); err != nil {
		return fmt.Errorf("session: publish: %w", err)
	}
	return nil
}

func (r *Redis) remember(userID string, ids []string, unsure bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsure = r.unsure || unsure
	now := time.Now()
	for _, id := range ids {
		r.recent = append(r.recent, ending{userID, id, now})
	}
	past := max(0, len(r.recent)-recentMost)
	for past < len(r.recent) && !r.unsure && now.Sub(r.recent[past].at) > recentFor {
		past++
	}
	r.recent = r.recent[past:]
}

// again ends what this process ended a short while ago once more, where the feed may not have it:
// after a failure, or when the server that answers may be another one.
func (r *Redis) again(ctx context.Context, other bool) error {
	r.mu.Lock()
	recent, unsure := slices.Clone(r.recent), r.unsure
	r.mu.Unlock()
	if len(recent) == 0 || !unsure && !other {
		return nil
	}
	_, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		ids := make([]string, len(recent))
		for i, e := range recent {
			ids[i] = e.id
			pipe.HDel(ctx, key(e.userID), e.id, e.id+":", e.id+"@")
		}
		pipe.XAdd(ctx, r.entry(ids))
		return nil
	})
	if err != nil {
		return fmt.Errorf("session: publish again: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsure = r.unsure && len(r.recent) > len(recent)
	return nil
}

func (r *Redis) entry(ids []string) *redis.XAddArgs {
	return &redis.XAddArgs{Stream: feedKey, MinID: streamID(time.Now().Add(-r.keep - 2*feedMargin)), Approx: true,
		Values: []string{"s", strings.Join(ids, " ")}}
}

// streamID is the first id of a time by the machine's own clock: stream ids are made by Redis, whose
// clock tests cannot move.
func streamID(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) + "-0" }

// idLength tells a session's id from the names of its other two fields: 128 bits in base64url.
const idLength = 22

func parse(userID, id, moving, fixed, client string) (models.Session, error) {
	started, how, _ := strings.Cut(fixed, "\t")
	numbers := make([]int64, 0, 6)
	for field := range strings.SplitSeq(moving+" "+started, " ") {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return models.Session{}, fmt.Errorf("session: a record of another shape: %w", err)
		}
		numbers = append(numbers, n)
	}
	came, from := strings.Split(how, "\t"), strings.LastIndexByte(client, '\t') // a browser's name may hold any text
	if len(numbers) != 6 || len(came) != 3 || from < 0 {
		return models.Session{}, errors.New("session: a record of another shape")
	}
	return models.Session{
		ID: id, UserID: userID, Count: numbers[0], TradedAt: fromMS(numbers[1]), Confirmed: numbers[2] > 0,
		SeenAt: fromMS(max(numbers[1], numbers[2])), EndsAt: fromMS(numbers[3]), Idle: time.Duration(numbers[4]) * time.Millisecond,
		StartedAt: fromMS(numbers[5]), Remembered: came[0] == "1", AMR: came[1], Provider: came[2], Client: client[:from], IP: client[from+1:],
	}, nil
}

func latestFirst(sessions []models.Session) {
	slices.SortFunc(sessions, func(a, b models.Session) int {
		if order := b.SeenAt.Compare(a.SeenAt); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
}

func endedNow(ids []string) []models.Ended {
	var ended []models.Ended
	for _, id := range ids {
		ended = append(ended, models.Ended{SessionID: id, At: time.Now()})
	}
	return ended
}

// clip shortens s to n bytes, on the edge of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

func fromMS(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
