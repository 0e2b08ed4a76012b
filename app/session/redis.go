package session

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/models"
)

// Redis is the session store on Redis 6.2 or later. A user's sessions are one hash, gatehouse:{user id}, so one
// key is all that a script touches, on a Cluster too (redis_record.go says what is in it). Beside the sessions it
// has the field '!': ids that ended and that the feed may not have yet.
//
// An ending is first made and then announced. On one server and with Sentinel both are one step, in the script.
// On a Cluster the feed is on another node: the script notes in '!' what has to be announced, in the same step
// as the removal, and the feed is appended to when that has succeeded. A process that dies in between has
// answered nobody; whoever asks again, and whatever else this person does, appends it.
type Redis struct {
	client redis.UniversalClient
	apart  bool // the feed is on another node than the sessions
	grace  time.Duration
	keep   time.Duration
	ahead  func() time.Duration

	start, rotate, acknowledge, end, endUser, clear, rewrite, list *redis.Script

	mu     sync.Mutex
	recent []ending // a short while back, the oldest first
	dirty  bool     // whether the feed has all of them
	beaten time.Time
	since  time.Time // of the feed's first entry
}

// NewRedis keeps sessions through client. grace is for racing tabs, keep is an access token's life,
// ahead is how far this process's clock was moved (0 outside tests).
func NewRedis(client redis.UniversalClient, grace, keep time.Duration, ahead func() time.Duration) *Redis {
	_, apart := client.(*redis.ClusterClient)
	return &Redis{client: client, apart: apart, grace: grace, keep: keep, ahead: ahead,
		start: script(startSource), rotate: script(rotateSource), acknowledge: script(acknowledgeSource),
		end: script(endSource), endUser: script(endUserSource), clear: script(clearSource),
		rewrite: script(rewriteSource), list: script(listSource)}
}

func script(source string) *redis.Script { return redis.NewScript(commonSource + source) }

var (
	//go:embed common.lua
	commonSource string
	//go:embed start.lua
	startSource string
	//go:embed rotate.lua
	rotateSource string
	//go:embed acknowledge.lua
	acknowledgeSource string
	//go:embed end.lua
	endSource string
	//go:embed end_user.lua
	endUserSource string
	//go:embed clear.lua
	clearSource string
	//go:embed rewrite.lua
	rewriteSource string
	//go:embed list.lua
	listSource string
)

func key(userID string) string { return "gatehouse:{" + userID + "}" }

// keys are what a script that ends sessions touches.
func (r *Redis) keys(userID string) []string {
	if r.apart {
		return []string{key(userID)}
	}
	return []string{key(userID), feedKey}
}

// Start keeps a new session. See Store.
func (r *Redis) Start(ctx context.Context, s models.Session,
	life time.Duration) (models.Session, []models.Ended, error) {
	authTime := ""
	if !s.AuthTime.IsZero() {
		authTime = strconv.FormatInt(s.AuthTime.UnixMilli(), 10)
	}
	answer, err := r.start.Run(ctx, r.client, r.keys(s.UserID), s.ID, life.Milliseconds(), s.Idle.Milliseconds(), s.Count,
		howCame(s), authTime, cameFrom(s), written(s.Claims), models.MaxSessions, r.ahead().Milliseconds(), r.oldest()).StringSlice()
	if err != nil {
		return models.Session{}, nil, fmt.Errorf("session: start: %w", err)
	}
	if len(answer) < 3 {
		return models.Session{}, nil, errors.New("session: start: an answer of another shape")
	}
	now, err := strconv.ParseInt(answer[0], 10, 64)
	if err != nil {
		return models.Session{}, nil, fmt.Errorf("session: start: %w", err)
	}
	s.StartedAt = fromMS(now)
	s.RotatedAt, s.SeenAt, s.EndsAt = s.StartedAt, s.StartedAt, s.StartedAt.Add(life)
	if s.AuthTime.IsZero() {
		s.AuthTime = s.StartedAt
	}
	retired := strings.Fields(answer[1])
	return s, endedNow(retired), r.made(ctx, s.UserID, retired, answer[2])
}

// Rotate judges a presented count in one script, one round trip. See Store.
func (r *Redis) Rotate(ctx context.Context, userID, id string, count int64) (models.Session, models.Outcome, error) {
	answer, err := r.rotate.Run(ctx, r.client, r.keys(userID), id, count, r.grace.Milliseconds(),
		models.LostAnswer.Milliseconds(), r.ahead().Milliseconds(), r.oldest()).StringSlice()
	if err != nil {
		return models.Session{}, models.Gone, fmt.Errorf("session: rotate: %w", err)
	}
	if len(answer) == 2 {
		return models.Session{}, models.Gone, r.made(ctx, userID, nil, answer[1])
	}
	if len(answer) < 6 {
		return models.Session{}, models.Gone, errors.New("session: rotate: an answer of another shape")
	}
	outcome, _ := strconv.Atoi(answer[0])
	session, err := record{answer[2], answer[3], answer[4], answer[5]}.session(userID, id)
	if err != nil {
		return models.Session{}, models.Gone, err
	}
	if models.Outcome(outcome) == models.Reused {
		// Tried again before the feed is next read: the verdict stands, and the session's owner is to hear of it.
		_ = r.made(ctx, userID, []string{id}, answer[1])
	}
	return session, models.Outcome(outcome), nil
}

// Acknowledge writes a batch in one pipeline. See Store.
func (r *Redis) Acknowledge(ctx context.Context, seen []models.Acknowledgement) error {
	answers := make([]*redis.Cmd, len(seen))
	_, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, c := range seen {
			answers[i] = r.acknowledge.EvalSha(ctx, pipe, []string{key(c.UserID)}, c.SessionID, c.Count,
				r.ahead().Milliseconds())
		}
		return nil
	})
	if err == nil {
		return nil
	}
	for i, c := range seen {
		if !redis.HasErrorPrefix(answers[i].Err(), "NOSCRIPT") {
			continue
		}
		again := r.acknowledge.Run(ctx, r.client, []string{key(c.UserID)}, c.SessionID, c.Count, r.ahead().Milliseconds())
		if err := again.Err(); err != nil {
			return fmt.Errorf("session: acknowledge: %w", err)
		}
		answers[i].SetErr(nil)
	}
	for _, answer := range answers {
		if answer.Err() != nil {
			return fmt.Errorf("session: acknowledge: %w", answer.Err())
		}
	}
	return nil
}

// Live asks for one session. See Store.
func (r *Redis) Live(ctx context.Context, userID, id string) (bool, error) {
	live, err := r.ByUser(ctx, userID)
	return models.Among(live, id), err
}

// ByUser lists live sessions. See Store.
func (r *Redis) ByUser(ctx context.Context, userID string) ([]models.Session, error) {
	answer, err := r.list.Run(ctx, r.client, []string{key(userID)}).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("session: list: %w", err)
	}
	if len(answer)%2 == 0 {
		return nil, errors.New("session: list: an answer of another shape")
	}
	ms, err := strconv.ParseInt(answer[0], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("session: list: %w", err)
	}
	fields := map[string]string{}
	for i := 1; i < len(answer); i += 2 {
		fields[answer[i]] = answer[i+1]
	}
	return liveAmong(userID, fields, fromMS(ms).Add(r.ahead()))
}

// Rewrite replaces the claims in all records of a user in one script. See Store.
func (r *Redis) Rewrite(ctx context.Context, userID string, claims models.Claims) error {
	if err := r.rewrite.Run(ctx, r.client, []string{key(userID)}, idLength, written(claims)).Err(); err != nil {
		return fmt.Errorf("session: rewrite: %w", err)
	}
	return nil
}

// End removes one session, then appends it to the feed, whether it was there or not. See Store.
func (r *Redis) End(ctx context.Context, userID, id string) ([]models.Ended, error) {
	pending, err := r.end.Run(ctx, r.client, r.keys(userID), id, r.oldest()).Text()
	if err != nil {
		return nil, fmt.Errorf("session: end: %w", err)
	}
	return endedNow([]string{id}), r.made(ctx, userID, []string{id}, pending)
}

// EndUser removes all sessions but one in one script, then appends them to the feed. See Store.
func (r *Redis) EndUser(ctx context.Context, userID, except string, before time.Time) ([]models.Ended, error) {
	by := int64(math.MaxInt64)
	if !before.IsZero() {
		by = before.UnixMilli()
	}
	answer, err := r.endUser.Run(ctx, r.client, r.keys(userID), except, idLength, r.oldest(), by).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("session: end user: %w", err)
	}
	if len(answer) < 2 {
		return nil, errors.New("session: end user: an answer of another shape")
	}
	ids := strings.Fields(answer[0])
	return endedNow(ids), r.made(ctx, userID, ids, answer[1])
}
