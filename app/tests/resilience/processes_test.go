//go:build resilience

package resilience_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// kill -9 of a process, fifty times under load, behind a balancer with one retry.
func TestProcessesKilled(t *testing.T) {
	const kills = 50
	w := newWorld(t, newRedis(t).url())
	gates := []*gatehouse{w.gate(), w.gate()}
	w.balanced(gates...)
	j := newJudge()
	people, stop := w.crowd(8, 20*time.Millisecond, w.public, j)
	leaving, stopLeaving := w.leave(w.public)
	<-time.After(200 * time.Millisecond)
	var longest time.Duration
	for i := range kills {
		gate := gates[i%2]
		gate.kill()
		pause(t.Context(), time.Duration(rand.Int64N(int64(100*time.Millisecond))))
		began := time.Now()
		gate.again()
		longest = max(longest, time.Since(began))
		// No request meets two deaths: what began before this one came back ends before the next.
		pause(t.Context(), 250*time.Millisecond)
	}
	stopLeaving()
	stop()
	in, out := leaving.accepted(w, gates...), 0
	for _, p := range people {
		if status := p.post("/auth/refresh", nil); status != http.StatusNoContent {
			out++
		}
	}
	// An answer that had begun when its process died cannot be asked for again by a proxy: a browser
	// sees a page cut off. That is rare, and no one is signed out by it.
	j.say(t, fmt.Sprintf("%d kill -9 under load, 2 processes behind nginx", kills), true)
	if j.lost > kills/5 {
		t.Errorf("%d requests lost", j.lost)
	}
	report(t, "the slowest start took %s; %d of %d sign-outs answered, "+
		"%d of them accepted afterwards; %d of %d people signed out",
		longest.Round(time.Millisecond), len(leaving.ended), leaving.tried, in, out, len(people))
	if in+out > 0 {
		t.Fail()
	}
}

// A rolling restart loses nothing: each process says 503 on /readyz while it still answers, finishes
// what it began, and exits with 0.
func TestRollingRestart(t *testing.T) {
	const rounds = 5
	w := newWorld(t, newRedis(t).url())
	gates := []*gatehouse{w.gate(), w.gate()}
	w.balanced(gates...)
	j := newJudge()
	people, stop := w.crowd(12, 5*time.Millisecond, w.public, j)
	var codes []int
	var longest time.Duration
	drained := 0
	for range rounds {
		for _, gate := range gates {
			began := time.Now()
			gate.signal(syscall.SIGTERM)
			// /readyz turns, and a page is still served after that
			within(t, time.Second, "/readyz turns 503 on SIGTERM",
				func() bool { return gate.status("/readyz") == http.StatusServiceUnavailable })
			if gate.status("/sign-in") == http.StatusOK {
				drained++
			}
			<-gate.exited
			codes = append(codes, gate.cmd.ProcessState.ExitCode())
			longest = max(longest, time.Since(began))
			gate.again()
		}
	}
	stop()
	j.say(t, fmt.Sprintf("%d rolling restarts of 2 processes behind nginx", rounds), false)
	report(t, "exit codes %v, the slowest end took %s, %d of %d served while draining, %d people", codes,
		longest.Round(time.Millisecond), drained, len(codes), len(people))
	if slices.Max(codes) != 0 || drained != len(codes) {
		t.Fail()
	}
}

// A secret is replaced under people's hands: added, promoted, dropped, by rolling restarts.
func TestSecretsRotated(t *testing.T) {
	const newSecret = "another secret for tests and as long as it has to be"
	w := newWorld(t, newRedis(t).url())
	gates := []*gatehouse{w.gate(), w.gate()}
	w.balanced(gates...)
	j := newJudge()
	people, stop := w.crowd(8, 20*time.Millisecond, w.public, j)
	idle := w.person(w.public, nil) // signed by the old secret, and away meanwhile
	roll := func(secrets string) {
		for _, gate := range gates {
			if code := gate.terminate(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			gate.env["APP_SECRETS"] = secrets
			gate.again()
		}
	}
	roll(secret + "," + newSecret)
	roll(newSecret + "," + secret)
	away := w.stranger(w.public, nil)
	away.carry(w.started(idle.user)) // the test's own engine signs with the old secret
	if status := away.post("/auth/refresh", nil); status != http.StatusNoContent {
		t.Errorf("a session signed by the old secret, before it is dropped: %d", status)
	}
	fresh := keysOf(t, w.env["APP_URL"], time.Now, newSecret)
	for _, p := range people {
		eventually(t, "everyone's tokens are signed by the new secret", func() bool {
			_, err := fresh.OpenRefresh(p.cookie("refresh"))
			return err == nil
		})
	}
	roll(newSecret)
	stop()
	j.say(t, "APP_SECRETS added, promoted and dropped by rolling restarts", false)
	kept, ended := 0, 0
	for _, p := range append(people, away) {
		if p.post("/auth/refresh", nil) == http.StatusNoContent {
			kept++
		}
	}
	if idle.post("/auth/refresh", nil) == http.StatusUnauthorized {
		ended++
	}
	report(t, "%d of %d people kept through the rotation; of 1 session that only the dropped secret had signed, %d ended",
		kept, len(people)+1, ended)
	if kept != len(people)+1 || ended != 1 {
		t.Fail()
	}
}

// How long an ended session is still accepted by the other process.
func TestEndingLag(t *testing.T) {
	const endings = 300
	w := newWorld(t, newRedis(t).url())
	here, there := w.gate(), w.gate()
	j := newJudge()
	_, stop := w.crowd(4, 20*time.Millisecond, there.addr, j) // some load beside
	defer stop()
	var lags []time.Duration
	user := w.user()
	for range endings {
		pair := w.started(user)
		leaver, other := w.stranger(here.addr, nil), w.stranger(there.addr, nil)
		leaver.carry(pair)
		other.carry(pair)
		if status := other.get("/auth/session"); status != http.StatusOK {
			t.Fatalf("before its end the session answers %d", status)
		}
		began := time.Now() // from the request, not from its answer
		if status := leaver.post("/auth/sign-out", nil); status != http.StatusSeeOther {
			t.Fatalf("a sign-out answers %d", status)
		}
		for other.cookie("access") != "" && other.get("/auth/session") == http.StatusOK {
			if time.Since(began) > 5*time.Second {
				t.Fatal("an ended session is accepted for 5 s")
			}
		}
		lags = append(lags, time.Since(began))
		leaver.client.CloseIdleConnections()
		other.client.CloseIdleConnections()
	}
	slices.Sort(lags)
	median, p95 := lags[len(lags)/2], lags[len(lags)*95/100]
	report(t, "%d endings over 2 processes, from the request to the other's first refusal: median %s, p95 %s, longest %s",
		endings,
		median.Round(10*time.Microsecond), p95.Round(10*time.Microsecond), lags[len(lags)-1].Round(10*time.Microsecond))
	if p95 > 100*time.Millisecond {
		t.Error("the 95th percentile is over 100 ms")
	}
}

// A limit counts over processes; while Redis is down each process still counts by itself.
func TestLimitsAcrossProcesses(t *testing.T) {
	const burst, attempts = 60, 300 // sign-ins per client address: 60 at once, then one a second
	r := newRedis(t)
	w := newWorld(t, r.url())
	gates := []*gatehouse{w.gate(), w.gate()}
	attempt := func() (allowed, refused int, took time.Duration) {
		began := time.Now()
		var mu sync.Mutex
		var all sync.WaitGroup
		for worker := range 10 {
			p := w.stranger(gates[worker%2].addr, nil)
			all.Go(func() {
				for range attempts / 10 {
					status := p.post("/sign-in", map[string][]string{"email": {"not an address"}, "password": {"x"}})
					mu.Lock()
					switch status {
					case http.StatusUnprocessableEntity:
						allowed++
					case http.StatusTooManyRequests:
						refused++
					default:
						t.Errorf("a sign-in answers %d", status)
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		return allowed, refused, time.Since(began)
	}
	allowed, refused, took := attempt()
	report(t, "%d attempts at once over 2 processes: %d allowed (%d and one a second in %s), %d refused", attempts,
		allowed, burst, took.Round(time.Millisecond), refused)
	if most := burst + int(took.Seconds()) + 1; allowed < burst || allowed > most {
		t.Errorf("%d allowed, want %d to %d", allowed, burst, most)
	}
	r.kill()
	within(t, 3*time.Second, "/readyz says 503", func() bool {
		return gates[0].status("/readyz") == 503 &&
			gates[1].status("/readyz") == 503
	})
	allowed, refused, took = attempt()
	report(t, "with Redis down: %d allowed (%d per process), %d refused", allowed, burst, refused)
	if most := 2 * (burst + int(took.Seconds()) + 1); allowed > most || refused == 0 {
		t.Errorf("%d allowed, want %d at most", allowed, most)
	}
}

// Many processes meet one empty database, and one of them migrates it.
func TestMigratedOnce(t *testing.T) {
	const processes = 8
	w := newWorld(t, newRedis(t).url())
	w.env["DATABASE_URL"] = sql.database(t)
	var gates []*gatehouse
	for range processes {
		addr := "127.0.0.1:" + freePort(t)
		gate := &gatehouse{w: w, addr: addr, env: map[string]string{}}
		for name, value := range w.env {
			gate.env[name] = value
		}
		gate.env["ADDR"] = addr
		gates = append(gates, gate)
	}
	for _, gate := range gates {
		gate.start()
	}
	took := w.ready(gates...)
	db := opened(t, w.env["DATABASE_URL"])
	var applied, times int
	if err := db.QueryRowContext(t.Context(),
		`SELECT count(DISTINCT version_id), count(*) FROM goose_db_version WHERE version_id > 0 AND is_applied`).
		Scan(&applied, &times); err != nil {
		t.Fatal(err)
	}
	report(t, "%d processes on one empty database, all ready in %s: %d migrations run %d times in all", processes,
		took.Round(time.Millisecond), applied, times)
	if applied == 0 || applied != times {
		t.Fail()
	}

	if _, err := db.ExecContext(t.Context(),
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
		t.Fatal(err)
	}
	older := gates[0]
	if code := older.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	older.start()
	<-older.exited
	said := strings.TrimSpace(older.said())
	report(t, "an older binary on a newer schema: exit code %d, %q", older.cmd.ProcessState.ExitCode(), said)
	if older.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(said, "migrated by a newer Gatehouse") {
		t.Fail()
	}
	if gates[1].status("/readyz") != http.StatusOK {
		t.Error("a process that runs already is troubled by the newer schema")
	}
}

// A user of Redis who may do what Gatehouse does and nothing else, over TLS with a CA of the
// operator's own, which SSL_CERT_FILE names.
func TestTLSAndACL(t *testing.T) {
	r, address, ca := newTLSRedis(t)
	t.Setenv("SSL_CERT_FILE", ca) // for this test's own client, which is a process like the others
	w := newWorld(t, address, "SSL_CERT_FILE="+ca)
	client := r.client(t)
	fault(t, w, "TLS and an ACL user, connections cut 20 times", func(gates []*gatehouse) {
		for range 20 {
			client.Do(t.Context(), "CLIENT", "KILL", "USER", "gatehouse")
			<-time.After(100 * time.Millisecond)
		}
		for range 3 { // what limits ask is allowed too
			if status := w.stranger(gates[0].addr, nil).
				post("/sign-in", map[string][]string{"email": {"no address"}}); status != http.StatusUnprocessableEntity {
				t.Errorf("a sign-in answers %d", status)
			}
		}
		for _, gate := range gates {
			if strings.Contains(gate.said(), "NOPERM") ||
				strings.Contains(gate.said(), "limits are counted in this process alone") {
				t.Errorf("the ACL user may not do enough: %s", gate.said())
			}
		}
	})
	for _, refused := range []struct{ setting, word string }{
		{"SSL_CERT_FILE=/dev/null", "certificate"},
		{"REDIS_URL=" + strings.Replace(address, "pw@", "wrong@", 1), "WRONGPASS"},
	} {
		gate := &gatehouse{w: w, env: maps.Clone(w.env)}
		name, value, _ := strings.Cut(refused.setting, "=")
		gate.env[name], gate.env["ADDR"], gate.env["SSL_CERT_DIR"] = value, "127.0.0.1:"+freePort(t), "/nonexistent"
		gate.start()
		<-gate.exited
		report(t, "with %s: exit code %d, %q", name+"=…", gate.cmd.ProcessState.ExitCode(), strings.TrimSpace(gate.said()))
		if gate.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(gate.said(), refused.word) ||
			strings.Contains(gate.said(), "wrong@") {
			t.Fail()
		}
	}
}
