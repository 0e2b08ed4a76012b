package session

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
)

// reloadOnError has a Cluster's client look at once who serves what, when a server does not answer: by
// itself it would ask the dead one for up to ten seconds after a replica has taken over.
type reloadOnError struct{ client *redis.ClusterClient }

func newCluster(options *redis.ClusterOptions) *redis.ClusterClient {
	client := redis.NewClusterClient(options)
	client.AddHook(reloadOnError{client})
	return client
}

func (m reloadOnError) looked(ctx context.Context, err error) error {
	var answered redis.Error
	if err != nil && !errors.As(err, &answered) {
		m.client.ReloadState(ctx) // behind the request, and never twice at once
	}
	return err
}

// DialHook is go-redis's; nothing to add.
func (m reloadOnError) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook is around one command.
func (m reloadOnError) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return m.looked(ctx, next(ctx, cmd)) }
}

// ProcessPipelineHook is around several.
func (m reloadOnError) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { return m.looked(ctx, next(ctx, cmds)) }
}
