package server

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A thousand strangers at once cost one question, and nobody hears an answer older than a moment.
func TestReadinessIsAskedOnceAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var last recent
		var questions atomic.Int64
		down := errors.New("down")
		ask := func() error {
			if questions.Add(1) == 1 {
				return down
			}
			return nil
		}
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if err := last.within(askAgain, ask); err != down {
					t.Errorf("at first: %v", err)
				}
			})
		}
		all.Wait()
		if questions.Load() != 1 {
			t.Errorf("asked %d times", questions.Load())
		}
		last.at = last.at.Add(-askAgain - time.Nanosecond)
		if err := last.within(askAgain, ask); err != nil || questions.Load() != 2 {
			t.Errorf("a moment later: %v, asked %d times", err, questions.Load())
		}
	})
}
