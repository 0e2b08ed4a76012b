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

// Redis is the session store on Redis. A user's sessions are one hash, gatehouse:{user id}, so one
// key is all that a script touches, on a Cluster too. Each session is three short fields (kept
// under 64 bytes, so that Redis packs them):
//
//	<id>    count, traded at, confirmed at or 0, absolute end, idle window    (times in Unix ms)
//	<id>:   started at, remembered, amr, provider
//	<id>@   client, IP
//	!       ids that ended and that the feed may not have yet
type Redis struct {
	client redis.UniversalClient
	grace  time.Duration
	keep   time.Duration
	ahead  func() time.Duration

	start, trade, confirm, endUser, list *redis.Script

	mu     sync.Mutex
	recent []ending // a short while back, the oldest first
	unsure bool     // whether the feed has all of them
	beaten time.Time
	since  time.Time // of the feed's first entry
}

// NewRedis keeps sessions through client. grace is for racing tabs, keep is an access token's life,
// ahead is how far this process's clock was moved (0 outside tests).
func NewRedis(client redis.UniversalClient, grace, keep time.Duration, ahead func() time.Duration) *Redis {
	return &Redis{client: client, grace: grace, keep: keep, ahead: ahead,
		start: redis.NewScript(startSource), trade: redis.NewScript(tradeSource),
		confirm: redis.NewScript(confirmSource), endUser: redis.NewScript(endUserSource), list: redis.NewScript(listSource)}
}

//go:embed start.lua
var startSource string

//go:embed trade.lua
var tradeSource string

//go:embed confirm.lua
var confirmSource string

//go:embed end_user.lua
var endUserSource string

//go:embed list.lua
var listSource string

func key(userID string) string { return "gatehouse:{" + userID + "}" }

// Start keeps a new session. See Store.
func (r *Redis) Start(ctx context.Context, s models.Session, life time.Duration) (models.Session, []models.Ended, error) {
	remembered := "0"
	if s.Remembered {
		remembered = "1"
	}
	answer, err := r.start.Run(ctx, r.client, []string{key(s.UserID)}, s.ID, life.Milliseconds(),
		s.Idle.Milliseconds(), s.Count, strings.Join([]string{remembered, s.AMR, s.Provider}, "\t"), clip(s.Client, 40)+"\t"+s.IP,
		models.MaxSessions, r.ahead().Milliseconds()).Slice()
	if err != nil {
		return models.Session{}, nil, fmt.Errorf("session: start: %w", err)
	}
	if len(answer) != 2 {
		return models.Session{}, nil, errors.New("session: start: an answer of another shape")
	}
	now, err := strconv.ParseInt(fmt.Sprint(answer[0]), 10, 64)
	if err != nil {
		return models.Session{}, nil, fmt.Errorf("session: start: %w", err)
	}
	s.StartedAt = fromMS(now)
	s.TradedAt, s.SeenAt, s.EndsAt = s.StartedAt, s.StartedAt, s.StartedAt.Add(life)
	retired := strings.Fields(fmt.Sprint(answer[1]))
	return s, endedNow(retired), r.publish(ctx, s.UserID, retired)
}

// Trade judges a presented count in one script, one round trip. See Store.
func (r *Redis) Trade(ctx context.Context, userID, id string, count int64) (models.Session, models.Outcome, error) {
	fields, err := r.trade.Run(ctx, r.client, []string{key(userID)}, id, count,
		r.grace.Milliseconds(), models.LostAnswer.Milliseconds(), r.ahead().Milliseconds()).StringSlice()
	if err != nil {
		return models.Session{}, models.Gone, fmt.Errorf("session: trade: %w", err)
	}
	if len(fields) == 2 {
		return models.Session{}, models.Gone, r.publish(ctx, userID, strings.Fields(fields[1]))
	}
	if len(fields) != 4 {
		return models.Session{}, models.Gone, errors.New("session: trade: an answer of another shape")
	}
	outcome, _ := strconv.Atoi(fields[0])
	session, err := parse(userID, id, fields[1], fields[2], fields[3])
	if err != nil {
		return models.Session{}, models.Gone, err
	}
	if models.Outcome(outcome) == models.Reused {
		_ = r.publish(ctx, userID, []string{id}) // tried again before the feed is next read; the verdict stands, and its owner is to hear
	}
	return session, models.Outcome(outcome), nil
}

// Confirm writes a batch in one pipeline. See Store.
func (r *Redis) Confirm(ctx context.Context, seen []models.Confirmation) error {
	answers := make([]*redis.Cmd, len(seen))
	_, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, c := range seen {
			answers[i] = r.confirm.EvalSha(ctx, pipe, []string{key(c.UserID)}, c.SessionID, c.Count, r.ahead().Milliseconds())
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
		if err := r.confirm.Run(ctx, r.client, []string{key(c.UserID)}, c.SessionID, c.Count, r.ahead().Milliseconds()).Err(); err != nil {
			return fmt.Errorf("session: confirm: %w", err)
		}
		answers[i].SetErr(nil)
	}
	for _, answer := range answers {
		if answer.Err() != nil {
			return fmt.Errorf("session: confirm: %w", answer.Err())
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

func liveAmong(userID string, fields map[string]string, now time.Time) ([]models.Session, error) {
	var live []models.Session
	for id, moving := range fields {
		if len(id) != idLength {
			continue
		}
		session, err := parse(userID, id, moving, fields[id+":"], fields[id+"@"])
		if err != nil {
			return nil, err
		}
		if now.Before(session.LiveUntil()) {
			live = append(live, session)
		}
	}
	latestFirst(live)
	return live, nil
}

// End removes one session and appends to the feed in the same pipeline; both must succeed. See Store.
func (r *Redis) End(ctx context.Context, userID, id string) ([]models.Ended, error) {
	var removed *redis.IntCmd
	_, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		removed = pipe.HDel(ctx, key(userID), id, id+":", id+"@")
		pipe.XAdd(ctx, r.entry([]string{id}))
		return nil
	})
	if removed.Err() == nil {
		r.remember(userID, []string{id}, err != nil)
	}
	if err != nil {
		return nil, fmt.Errorf("session: end: %w", err)
	}
	return endedNow([]string{id}), nil
}

// EndUser removes all sessions but one in one script, then appends them to the feed. See Store.
func (r *Redis) EndUser(ctx context.Context, userID, except string, before time.Time) ([]models.Ended, error) {
	by := int64(math.MaxInt64)
	if !before.IsZero() {
		by = before.UnixMilli()
	}
	answer, err := r.endUser.Run(ctx, r.client, []string{key(userID)}, except, idLength, by).Text()
	if err != nil {
		return nil, fmt.Errorf("session: end user: %w", err)
	}
	ids := strings.Fields(answer)
	return endedNow(ids), r.publish(ctx, userID, ids)
}
