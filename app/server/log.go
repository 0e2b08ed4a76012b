package server

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"gatehouse/handlers/web"
)

// Log is where this process says what happens. The line that every request leaves is gathered with others, so
// that it costs no system call of its own; every other line is written at once.
type Log struct {
	*slog.Logger
	requests slog.Handler
}

// NewLog writes JSON in production, and text to read in development. Requests' lines go to gathered, all others
// to out.
func NewLog(out, gathered io.Writer, production bool, least slog.Level) *Log {
	options := &slog.HandlerOptions{Level: least}
	if production {
		return &Log{slog.New(slog.NewJSONHandler(out, options)), slog.NewJSONHandler(gathered, options)}
	}
	return &Log{slog.New(slog.NewTextHandler(out, options)), slog.NewTextHandler(gathered, options)}
}

// answered writes the line of one request. It holds nothing that a client wrote.
func (l *Log) answered(a web.Answered) {
	level := slog.LevelInfo
	if a.Status >= 500 {
		level = slog.LevelWarn
	}
	line := slog.NewRecord(a.At, level, "request", 0)
	line.AddAttrs(slog.String("id", a.ID), slog.String("method", a.Method), slog.String("route", a.Route),
		slog.Int("status", a.Status), slog.Float64("took_ms", float64(a.Took.Microseconds())/1000))
	_ = l.requests.Handle(context.Background(), line) // a log that cannot be written has nowhere to say so
}

// Writer gathers lines and writes them every tenth of a second, instead of one system call a line. A process
// that is killed loses that tenth, but for what was written at once.
type Writer struct {
	mu  sync.Mutex
	out *bufio.Writer
}

const flushEvery = 100 * time.Millisecond

// NewWriter gathers what goes to a file.
func NewWriter(to io.Writer) *Writer {
	w := &Writer{out: bufio.NewWriterSize(to, 64<<10)}
	time.AfterFunc(flushEvery, w.tick)
	return w
}

// Write gathers a line.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(line)
}

// Flush writes what was gathered.
func (w *Writer) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.out.Flush()
}

func (w *Writer) tick() {
	w.Flush()
	time.AfterFunc(flushEvery, w.tick)
}

// AtOnce is the same file for lines that nobody wants to lose.
func (w *Writer) AtOnce() io.Writer { return atOnce{w} }

type atOnce struct{ *Writer }

// Write writes a line, and what was gathered before it.
func (a atOnce) Write(line []byte) (int, error) {
	defer a.Flush()
	return a.Writer.Write(line)
}
