package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	storage "github.com/gofiber/storage/redis/v3"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Dial prepares connections to Redis by its address; it does not wait for the server. The forms:
//
//	redis://user:password@host:6379/0                      one server; rediss:// for TLS
//	redis://host:26379?master_name=name&addr=host2:26379   Sentinel
//	redis://host:6379?addr=host2:6379&addr=host3:6379      Cluster
func Dial(address string) (redis.UniversalClient, error) {
	options, err := dialOptions(address)
	if err != nil {
		return nil, err
	}
	return storage.NewFromConnection(connect(options)).Conn(), nil
}

// connect makes the client for the kind of Redis. A refused connection is an answer: go-redis would
// try it five times over half a second, for every request.
func connect(options *redis.UniversalOptions) redis.UniversalClient {
	const attempts, between = 1, time.Millisecond
	switch {
	case options.MasterName != "":
		sentinel := options.Failover()
		sentinel.DialerRetries, sentinel.DialerRetryTimeout = attempts, between
		return redis.NewFailoverClient(sentinel)
	case options.IsClusterMode:
		cluster := options.Cluster()
		cluster.DialerRetries, cluster.DialerRetryTimeout = attempts, between
		return newCluster(cluster)
	}
	single := options.Simple()
	single.DialerRetries, single.DialerRetryTimeout = attempts, between
	return redis.NewClient(single)
}

// The longest a silent server can hold one command, its one retry included, is under two seconds.
const (
	dialWithin  = 800 * time.Millisecond
	replyWithin = 800 * time.Millisecond
)

func dialOptions(address string) (*redis.UniversalOptions, error) {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.Scheme != "redis" && at.Scheme != "rediss" {
		// never quote it: it holds the password
		return nil, errors.New("REDIS_URL: set it to an address like redis://user:password@host:6379/0")
	}
	query := at.Query()
	more, master := query["addr"], query.Get("master_name")
	options := &redis.UniversalOptions{
		Addrs:                    append([]string{at.Host}, more...),
		MasterName:               master,
		IsClusterMode:            master == "" && (len(more) > 0 || query.Has("cluster")),
		DialTimeout:              dialWithin,
		ReadTimeout:              replyWithin,
		WriteTimeout:             replyWithin,
		PoolTimeout:              time.Second,
		PoolSize:                 50,
		MinIdleConns:             2,
		MaxRetries:               1,
		ContextTimeoutEnabled:    true,
		Protocol:                 2,    // nothing of RESP3 is used, and each answer would be searched for pushes
		DisableIdentity:          true, // CLIENT SETINFO: one command more that an ACL would have to allow
		SentinelUsername:         query.Get("sentinel_username"),
		SentinelPassword:         query.Get("sentinel_password"),
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	plain, err := redis.ParseURL(at.Scheme + "://" + at.User.String() + withAt(at.User) + at.Host + at.Path)
	if err != nil {
		return nil, errors.New("REDIS_URL: end it in /0 to /15, the number of the database")
	}
	options.Username, options.Password, options.DB, options.TLSConfig = plain.Username, plain.Password, plain.DB, plain.TLSConfig
	return options, nil
}

func withAt(user *url.Userinfo) string {
	if user == nil {
		return ""
	}
	return "@"
}

// WarnOfEviction says so when Redis may throw sessions away under memory pressure: people would be
// signed out, and limits forgotten, with no sign of why.
func WarnOfEviction(ctx context.Context, client redis.UniversalClient, log *slog.Logger) {
	config, err := client.ConfigGet(ctx, "maxmemory-policy").Result()
	if err != nil {
		log.Warn("could not read Redis's maxmemory-policy; make sure that it is noeviction", "err", err)
		return
	}
	if policy := config["maxmemory-policy"]; policy != "noeviction" {
		log.Warn("Redis may evict sessions: set maxmemory-policy noeviction", "policy", policy)
	}
}

// Quiet sends go-redis's own complaints to our log, at debug level: each failure is already
// answered where it matters.
func Quiet(log *slog.Logger) { redis.SetLogger(redisLogger{log}) }

type redisLogger struct{ log *slog.Logger }

// Printf is go-redis's logging interface.
func (q redisLogger) Printf(ctx context.Context, format string, v ...any) {
	q.log.DebugContext(ctx, strings.TrimSpace(fmt.Sprintf(format, v...)))
}
