package account

import (
	"errors"
	"slices"
	"sync"
	"testing"
)

// A flood of sign-ins from ever new addresses fills the strangers' lane and no other: whoever is known is
// next, and finds room where a stranger is told that it is busy.
func TestKnownGoBeforeAnyFlood(t *testing.T) {
	t.Parallel()
	q := newHashQueue(1, 3)
	if err := q.enter(t.Context(), Strangers); err != nil {
		t.Fatal(err)
	}
	var order []Lane
	var all sync.WaitGroup
	line := func(lane Lane) {
		before := q.depth()
		all.Go(func() {
			if err := q.enter(t.Context(), lane); err != nil {
				t.Error(err)
			}
			order = append(order, lane) // the only slot guards it
			q.leave()
		})
		for q.depth() == before {
			ctxErr(t)
		}
	}
	for range 3 {
		line(Strangers)
	}
	if err := q.enter(t.Context(), Strangers); !errors.Is(err, ErrBusy) {
		t.Fatalf("a fourth stranger: %v", err)
	}
	line(Known)
	line(Known)
	q.leave()
	all.Wait()
	if want := []Lane{Known, Known, Strangers, Strangers, Strangers}; !slices.Equal(order, want) {
		t.Errorf("served %v, want %v", order, want)
	}
}
