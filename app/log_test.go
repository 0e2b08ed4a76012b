package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gatehouse/handlers"
)

// The line of a request is, byte by byte, what slog would have written (but for zeros at the end of
// a text line's milliseconds).
func TestRequestLinesAreThoseOfSlog(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 20, 30, 15, 123456789, time.FixedZone("", 3600))
	for _, production := range []bool{false, true} {
		for level, request := range map[slog.Level]handlers.Answered{
			slog.LevelInfo: {ID: "7QK", Method: "GET", Route: "/auth/:provider/callback", Status: 303, At: at, Took: 1234567},
			slog.LevelWarn: {ID: "7QK", Method: "POST", Route: "/", Status: 503, At: at.UTC().Truncate(time.Millisecond), Took: 2 * time.Second},
		} {
			var ours, theirs bytes.Buffer
			newJournal(nil, &ours, production, slog.LevelInfo).answered(request)
			record := slog.NewRecord(request.At, level, "request", 0)
			record.AddAttrs(slog.String("id", request.ID), slog.String("method", request.Method), slog.String("route", request.Route),
				slog.Int("status", request.Status), slog.Duration("took", request.Took))
			if err := newJournal(&theirs, nil, production, slog.LevelInfo).Handler().Handle(context.Background(), record); err != nil {
				t.Fatal(err)
			}
			if ours.String() != theirs.String() {
				t.Errorf("production %t:\n%s%s", production, &ours, &theirs)
			}
			if json.Valid(ours.Bytes()) != production {
				t.Errorf("production logs JSON lines, development does not: %s", &ours)
			}
		}
	}
}

// A line about security is written before the answer is: a process that is killed has said it.
func TestOnlyRequestLinesAreGathered(t *testing.T) {
	t.Parallel()
	var written syncBuffer
	out := newLogWriter(&written)
	log := newJournal(prompt{out}, out, true, slog.LevelInfo)
	log.answered(handlers.Answered{Route: "/before"})
	log.Info("security")
	if lines := written.String(); !strings.Contains(lines, `"msg":"security"`) || !strings.Contains(lines, "/before") {
		t.Errorf("written at once: %q", lines)
	}
	log.answered(handlers.Answered{Route: "/after"})
	eventually(t, "the gathered line is written", func() bool { return strings.Contains(written.String(), "/after") })
}
