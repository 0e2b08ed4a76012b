//go:build resilience

package resilience_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
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

// ready waits until every process serves well.
func (w *world) ready(gates ...*gatehouse) time.Duration {
	w.t.Helper()
	return eventually(w.t, "every process is ready", func() bool {
		for _, gate := range gates {
			if gate.status("/readyz") != http.StatusOK {
				return false
			}
		}
		return true
	})
}

// fault is a scenario on two processes: people live, some leave, something breaks and comes back.
// Each of the two processes has its own people, as their browsers' connections would be spread.
func fault(t *testing.T, w *world, title string, breaks func(gates []*gatehouse)) {
	t.Helper()
	gates := []*gatehouse{w.gate(), w.gate()}
	j := newJudge()
	people, stop := w.crowd(4, 20*time.Millisecond, gates[0].addr, j)
	more, stopMore := w.crowd(4, 20*time.Millisecond, gates[1].addr, j)
	leaving, stopLeaving := w.leave(gates[0].addr)
	<-time.After(500 * time.Millisecond)
	breaks(gates)
	back := w.ready(gates...)
	<-time.After(500 * time.Millisecond)
	stopLeaving()
	stop()
	stopMore()
	in := leaving.accepted(w, gates...)
	out := 0
	for _, p := range append(people, more...) {
		status := 0
		eventually(t, "a person's refresh is answered again", func() bool {
			status = p.post("/auth/refresh", nil)
			return status != http.StatusServiceUnavailable
		})
		if status != http.StatusNoContent {
			out++
			t.Errorf("afterwards a person's refresh answers %d", status)
		}
	}
	j.say(t, title, false)
	report(t, "%s: ready again %s after the fault was over; %d of %d sign-outs answered, %d of them accepted afterwards; %d of %d people signed out",
		title, back.Round(time.Millisecond), len(leaving.ended), leaving.tried, in, out, len(people)+len(more))
	if in+out > 0 {
		t.Fail()
	}
	for _, gate := range gates {
		if strings.Contains(gate.said(), `"kind":"refresh_token_reused"`) || strings.Contains(gate.said(), "panic") {
			t.Errorf("a process said: %s", gate.said())
		}
	}
}

func TestRedisKilled(t *testing.T) {
	r := newRedis(t, "--appendonly", "yes", "--appendfsync", "everysec")
	w := newWorld(t, r.url())
	fault(t, w, "Redis killed, back after 2 s with its AOF", func(gates []*gatehouse) {
		for range 2 {
			r.kill()
			within(t, 3*time.Second, "/readyz says 503", func() bool { return gates[0].status("/readyz") == 503 && gates[1].status("/readyz") == 503 })
			<-time.After(2 * time.Second)
			r.start(t)
			w.ready(gates...)
		}
	})
}

func TestRedisHangs(t *testing.T) {
	r := newRedis(t)
	w := newWorld(t, r.url())
	slowest := time.Duration(0)
	fault(t, w, "Redis hung for 6 s", func(gates []*gatehouse) {
		r.hang()
		defer r.unhang()
		end := time.Now().Add(6 * time.Second)
		var all sync.WaitGroup
		for i := range 12 { // the costliest requests there are: a refresh inside a page, a sign-in, a sign-out
			p := w.stranger(gates[i%2].addr, nil)
			pair := session.Pair{}
			if i%3 > 0 {
				pair = w.pairWhileHung(i)
				p.carry(pair)
			}
			var mu sync.Mutex
			all.Go(func() {
				for time.Now().Before(end) {
					began := time.Now()
					switch i % 3 {
					case 0:
						p.post("/sign-in", map[string][]string{"email": {"nobody@example.com"}, "password": {password}})
					case 1:
						p.forget("access")
						p.get("/dashboard")
					default:
						p.post("/auth/sign-out", nil)
					}
					mu.Lock()
					slowest = max(slowest, time.Since(began))
					mu.Unlock()
				}
			})
		}
		all.Wait()
	})
	report(t, "the slowest of sign-ins, sign-outs and refreshes inside a page while Redis hung: %s", slowest.Round(time.Millisecond))
	if slowest > 2*time.Second {
		t.Errorf("a hung Redis cost a request %s", slowest)
	}
}

// pairWhileHung is a session that the store has, or had: tokens of ours, made without asking it.
func (w *world) pairWhileHung(int) session.Pair {
	w.t.Helper()
	engine := session.New(remembered{}, w.keys, session.Settings{AccessTTL: accessTTL, Idle: time.Hour, Max: time.Hour}, session.Unobserved(), time.Now, discard)
	return w.startedOn(engine, w.user())
}

func TestSentinelFailover(t *testing.T) {
	s := newSentinels(t)
	w := newWorld(t, s.url)
	fault(t, w, "Sentinel: master killed", func(gates []*gatehouse) {
		s.nodes[0].kill()
		within(t, 3*time.Second, "/readyz says 503", func() bool { return gates[0].status("/readyz") == 503 })
	})
}

func TestClusterFailover(t *testing.T) {
	c := newCluster(t)
	w := newWorld(t, c.url)
	fault(t, w, "Cluster: the feed's master killed, then another", func(gates []*gatehouse) {
		master := c.masterOf(t, "gatehouse:ended")
		master.kill()
		within(t, 3*time.Second, "/readyz says 503", func() bool { return gates[0].status("/readyz") == 503 })
		w.ready(gates...)
		master.start(t) // back, as a replica
		client := master.client(t)
		eventually(t, "the old master follows", func() bool {
			return strings.Contains(client.Info(t.Context(), "replication").Val(), "master_link_status:up")
		})
		for _, key := range []string{"gatehouse:{a}", "gatehouse:{b}", "gatehouse:{c}", "gatehouse:{d}", "gatehouse:{e}"} {
			if other := c.masterOf(t, key); other != c.masterOf(t, "gatehouse:ended") {
				other.kill()
				eventually(t, "a replica has taken over", func() bool {
					asked, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					return c.alive(t, asked, key)
				})
				break
			}
		}
	})
}

func TestScriptsFlushed(t *testing.T) {
	r := newRedis(t)
	w := newWorld(t, r.url())
	client := r.client(t)
	fault(t, w, "SCRIPT FLUSH 50 times", func([]*gatehouse) {
		for range 50 {
			if err := client.ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			<-time.After(40 * time.Millisecond)
		}
	})
}

// Redis comes back with nothing: everyone signs in again, and nobody is told of a theft.
func TestRedisBackEmpty(t *testing.T) {
	r := newRedis(t)
	w := newWorld(t, r.url())
	gates := []*gatehouse{w.gate(), w.gate()}
	outage := newJudge()
	people, stop := w.crowd(8, 20*time.Millisecond, gates[0].addr, outage)
	<-time.After(500 * time.Millisecond)
	r.kill()
	within(t, 3*time.Second, "/readyz says 503", func() bool { return gates[0].status("/readyz") == 503 })
	<-time.After(time.Second)
	stop()
	outage.say(t, "Redis down", false)

	r.start(t)
	w.ready(gates...)
	asked, errors := 0, 0
	for i, p := range people {
		p.base, p.judge = "http://"+gates[i%2].addr, nil
		p.forget("access")
		switch status := p.get("/dashboard"); {
		case status == http.StatusSeeOther && p.get("/sign-in") == http.StatusOK && p.cookie("refresh") == "":
			asked++
		default:
			errors++
			t.Errorf("a page answers %d, and the cookie is %q", status, p.cookie("refresh"))
		}
		form := map[string][]string{"email": {p.user.Email}, "password": {password}, "remember": {"on"}}
		if status := p.post("/sign-in", form); status != http.StatusSeeOther || p.get("/dashboard") != http.StatusOK {
			errors++
			t.Errorf("signing in again answers %d", status)
		}
	}
	reuses := 0
	for _, gate := range gates {
		reuses += strings.Count(gate.said(), "refresh_token_reused")
		if !strings.Contains(gate.read("/metrics"), `gatehouse_refreshes_total{outcome="reused"} 0`) {
			reuses++
		}
	}
	report(t, "Redis back empty: %d of %d people asked to sign in again and in, %d other answers, %d alarms of reuse", asked, len(people), errors, reuses)
	if reuses > 0 {
		t.Fail()
	}
}

func TestPostgresRestarted(t *testing.T) {
	w := newWorld(t, newRedis(t).url())
	fault(t, w, "PostgreSQL restarted three times", func(gates []*gatehouse) {
		for _, mode := range []string{"fast", "immediate", "fast"} {
			if err := sql.stop(mode); err != nil {
				t.Fatal(err)
			}
			within(t, 3*time.Second, "/readyz says 503", func() bool { return gates[rand.IntN(2)].status("/readyz") == 503 })
			<-time.After(500 * time.Millisecond)
			if err := sql.start(); err != nil {
				t.Fatal(err)
			}
			for _, gate := range gates {
				within(t, time.Second, "/readyz says 200 again", func() bool { return gate.status("/readyz") == 200 })
			}
			<-time.After(500 * time.Millisecond)
		}
	})
}
