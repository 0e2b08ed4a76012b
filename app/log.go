package main

import (
	"bufio"
	"log/slog"
	"os"
	"sync"
	"time"

	"gatehouse/app/config"
)

// logWriter gathers log lines and writes them every tenth of a second, instead of one system call a
// line. A process that is killed loses that tenth.
type logWriter struct {
	mu  sync.Mutex
	out *bufio.Writer
}

const flushEvery = 100 * time.Millisecond

// newLog writes JSON in production, and text to read in development. flush writes what is waiting.
func newLog(cfg config.Config) (log *slog.Logger, flush func()) {
	to := &logWriter{out: bufio.NewWriterSize(os.Stderr, 64<<10)}
	time.AfterFunc(flushEvery, to.tick)
	if cfg.Production {
		return slog.New(slog.NewJSONHandler(to, nil)), to.flush
	}
	return slog.New(slog.NewTextHandler(to, nil)), to.flush
}

func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(line)
}

func (w *logWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.out.Flush() // a log that cannot be written has nowhere to say so
}

func (w *logWriter) tick() {
	w.flush()
	time.AfterFunc(flushEvery, w.tick)
}
