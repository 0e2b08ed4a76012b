package testkit

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"gatehouse/app/tests/testkit/servers"
)

// Eventually waits until something that happens behind the requests has happened.
func Eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	servers.Eventually(t, what, happened)
}

// Text is a page without its tags, for failures that one can read.
func Text(page string) string {
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")), " ")
}

// Race does something n times at once.
func Race(n int, run func(i int)) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-begin
			run(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
}
