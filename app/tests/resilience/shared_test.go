//go:build resilience

package resilience_test

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

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
