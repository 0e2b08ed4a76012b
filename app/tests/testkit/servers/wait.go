package servers

import (
	"testing"
	"time"
)

// Eventually waits until something that another goroutine or process does has happened.
func Eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !happened() {
		if time.Now().After(deadline) {
			t.Fatalf("still not so after 30 s: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}
