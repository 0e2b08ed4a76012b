//go:build resilience

package resilience_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// flaky is a network that loses answers on their way back and sends requests twice.
type flaky struct {
	drop, double     float64
	dropped, doubled atomic.Int64
}

var errDropped = errors.New("the answer was lost")

func (f *flaky) RoundTrip(request *http.Request) (*http.Response, error) {
	if rand.Float64() < f.double {
		f.doubled.Add(1)
		twin := request.Clone(request.Context())
		var both sync.WaitGroup
		both.Go(func() {
			if response, err := http.DefaultTransport.RoundTrip(twin); err == nil {
				_ = response.Body.Close()
			}
		})
		defer both.Wait()
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err == nil && rand.Float64() < f.drop {
		f.dropped.Add(1)
		_ = response.Body.Close()
		return nil, errDropped
	}
	return response, err
}

// tokensOf notes which refresh tokens a session's browser was given for each count: two for one
// count would be a branch.
type tokensOf struct {
	w        *world
	mu       sync.Mutex
	given    map[int64]string
	branches int
}

func (k *tokensOf) note(refresh string) int64 {
	opened, err := k.w.keys.OpenRefresh(refresh)
	if err != nil {
		k.w.t.Error("a refresh token of ours does not open")
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if before, known := k.given[opened.Count]; known && before != refresh {
		k.branches++
	}
	k.given[opened.Count] = refresh
	return opened.Count
}

// 10,000 rotations over HTTP against two processes: a fifth of the answers never arrives, one
// request in twenty is sent twice, and the grace is so short that most lost answers are asked for
// after it.
func TestRotationsOverABadNetwork(t *testing.T) {
	const people, wanted = 20, 10_000
	w := newWorld(t, newRedis(t).url(), "REFRESH_GRACE=50ms")
	gates := []*gatehouse{w.gate(), w.gate()}
	network := &flaky{drop: 0.20, double: 0.05}
	var rotations, signedOuts, branches atomic.Int64
	var all sync.WaitGroup
	for range people {
		p := w.person(gates[0].addr, nil)
		p.client.Transport = network
		seen := &tokensOf{w: w, given: map[int64]string{}}
		all.Go(func() {
			last := seen.note(p.cookie("refresh"))
			for rotations.Load() < wanted {
				p.base = "http://" + gates[rand.IntN(2)].addr
				response, err := p.do(t.Context(), http.MethodPost, "/auth/refresh", nil)
				switch {
				case errors.Is(err, errDropped) && rand.IntN(2) == 0:
					<-time.After(60 * time.Millisecond) // past the grace
				case err != nil:
				case response.StatusCode == http.StatusNoContent:
					if count := seen.note(p.cookie("refresh")); count > last {
						rotations.Add(count - last)
						last = count
					}
					if rand.IntN(2) == 0 {
						if response, err := p.do(t.Context(), http.MethodGet, "/auth/session", nil); err == nil &&
							response.StatusCode != http.StatusOK {
							signedOuts.Add(1)
							return
						}
					}
				default:
					signedOuts.Add(1)
					t.Errorf("a refresh answered %d", response.StatusCode)
					return
				}
			}
			branches.Add(int64(seen.branches))
		})
	}
	all.Wait()
	report(t, "%d rotations over HTTP and 2 processes, %d answers lost, "+
		"%d requests doubled: %d signed out, %d branches",
		rotations.Load(), network.dropped.Load(), network.doubled.Load(), signedOuts.Load(), branches.Load())
	if signedOuts.Load()+branches.Load() > 0 || rotations.Load() < wanted {
		t.Fail()
	}
}
