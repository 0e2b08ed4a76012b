package main

import (
	"bufio"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"gatehouse/handlers"
)

// journal is where this process says what happens: by slog, but for the line that every request
// leaves. That one holds nothing a client wrote, so it needs no quoting, and it is written by hand:
// slog would be a tenth of what a short request costs.
type journal struct {
	*slog.Logger
	form form
	out  io.Writer
}

// form is what stands between the values of a request's line.
type form struct {
	time, level, id, method, route, status, took, ending string
}

var (
	jsonLines = form{`{"time":"`, `","level":"`, `","msg":"request","id":"`, `","method":"`, `","route":"`, `","status":`, `,"took":`, "}\n"}
	textLines = form{"time=", " level=", " msg=request id=", " method=", " route=", " status=", " took=", "\n"}
)

// newJournal writes JSON in production, and text to read in development. Requests' lines go to
// gathered, all others to out.
func newJournal(out, gathered io.Writer, production bool, least slog.Level) *journal {
	options := &slog.HandlerOptions{Level: least}
	if production {
		return &journal{slog.New(slog.NewJSONHandler(out, options)), jsonLines, gathered}
	}
	return &journal{slog.New(slog.NewTextHandler(out, options)), textLines, gathered}
}

// answered writes the line of one request.
func (j *journal) answered(a handlers.Answered) {
	level, took := slog.LevelInfo, strconv.FormatInt(int64(a.Took), 10)
	if a.Status >= 500 {
		level = slog.LevelWarn
	}
	if j.form == textLines {
		took, a.At = a.Took.String(), a.At.Truncate(time.Millisecond)
	}
	line := a.At.AppendFormat(append(make([]byte, 0, 256), j.form.time...), time.RFC3339Nano)
	for _, part := range []string{j.form.level, level.String(), j.form.id, a.ID, j.form.method, a.Method, j.form.route, a.Route,
		j.form.status, strconv.Itoa(a.Status), j.form.took, took, j.form.ending} {
		line = append(line, part...)
	}
	_, _ = j.out.Write(line) // a log that cannot be written has nowhere to say so
}

// logWriter gathers lines and writes them every tenth of a second, instead of one system call a
// line. A process that is killed loses that tenth, but for what was written promptly.
type logWriter struct {
	mu  sync.Mutex
	out *bufio.Writer
}

const flushEvery = 100 * time.Millisecond

func newLogWriter(to io.Writer) *logWriter {
	w := &logWriter{out: bufio.NewWriterSize(to, 64<<10)}
	time.AfterFunc(flushEvery, w.tick)
	return w
}

// Write gathers a line.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(line)
}

func (w *logWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.out.Flush()
}

func (w *logWriter) tick() {
	w.flush()
	time.AfterFunc(flushEvery, w.tick)
}

// prompt writes a line at once, and what was gathered before it.
type prompt struct{ *logWriter }

// Write is for lines that nobody wants to lose.
func (p prompt) Write(line []byte) (int, error) {
	defer p.flush()
	return p.logWriter.Write(line)
}
