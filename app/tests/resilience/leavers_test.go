//go:build resilience

package resilience_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatehouse/app/session"
)

// leavers sign in and out while things break. A sign-out that was answered holds from then on.
type leavers struct {
	mu    sync.Mutex
	ended []session.Pair
	tried int
}

// leave starts sessions and signs out of them at one process, until stop is called.
func (w *world) leave(base string) (*leavers, func()) {
	l := &leavers{}
	user := w.user()
	return l, background(func(ctx context.Context) {
		for ctx.Err() == nil {
			asked, cancel := context.WithTimeout(ctx, 2*time.Second)
			pair, err := w.engine.Start(asked, user, session.Arrival{Remember: true, AMR: []string{"pwd"}})
			cancel()
			if err == nil {
				p := w.stranger(base, nil)
				p.carry(pair)
				response, err := p.do(ctx, http.MethodPost, "/auth/sign-out", nil)
				l.mu.Lock()
				l.tried++
				if err == nil && strings.Contains(response.Header.Get("Location"), "notice=signed-out") {
					l.ended = append(l.ended, pair)
				}
				l.mu.Unlock()
				p.client.CloseIdleConnections()
			}
			pause(ctx, 50*time.Millisecond)
		}
	})
}

// accepted counts, over processes, the answered sign-outs that still get in.
func (l *leavers) accepted(w *world, gates ...*gatehouse) int {
	in := 0
	for _, pair := range l.ended {
		for _, gate := range gates {
			p := w.stranger(gate.addr, nil)
			p.carry(pair)
			if p.get("/auth/session") == http.StatusOK || p.post("/auth/refresh", nil) == http.StatusNoContent {
				in++
			}
			p.client.CloseIdleConnections()
		}
	}
	return in
}
