package server

import (
	"io"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"gatehouse/handlers/web"
)

// A request's line is bounded by what a request costs: at most 2 µs of the cheapest, 13.
func BenchmarkRequestLine(b *testing.B) {
	for name, production := range map[string]bool{"json": true, "text": false} {
		b.Run(name, func(b *testing.B) {
			log := NewLog(io.Discard, NewWriter(io.Discard), production, slog.LevelInfo)
			line := web.Answered{ID: "DHQONGATTGLWLYO46DROAIINU6", Method: "GET", Route: "/dashboard", Status: 200,
				At: time.Now(), Took: 1234 * time.Microsecond}
			b.ReportAllocs()
			began := processor(b)
			for b.Loop() {
				log.answered(line)
			}
			b.ReportMetric(float64(processor(b)-began)/float64(b.N), "cpu-ns/op") // a busy machine makes ns/op longer
		})
	}
}

// processor is the processor time, in ns, that this process has used.
func processor(b *testing.B) int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
