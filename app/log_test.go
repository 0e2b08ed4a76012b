package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"gatehouse/handlers"
)

// The line of a request is, byte by byte, what slog would have written (but for zeros at the end of
// a text line's milliseconds).
func TestRequestLinesAreThoseOfSlog(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 30, 15, 123456789, time.FixedZone("", 3600))
	for _, production := range []bool{false, true} {
		for level, request := range map[slog.Level]handlers.Answered{
			slog.LevelInfo: {ID: "7QK", Method: "GET", Route: "/auth/:provider/callback", Status: 303, At: at, Took: 1234567},
			slog.LevelWarn: {ID: "7QK", Method: "POST", Route: "/", Status: 503, At: at.UTC().Truncate(time.Millisecond), Took: 2 * time.Second},
		} {
			var ours, theirs bytes.Buffer
			newJournal(&ours, production, slog.LevelInfo).answered(request)
			record := slog.NewRecord(request.At, level, "request", 0)
			record.AddAttrs(slog.String("id", request.ID), slog.String("method", request.Method), slog.String("route", request.Route),
				slog.Int("status", request.Status), slog.Duration("took", request.Took))
			if err := newJournal(&theirs, production, slog.LevelInfo).Handler().Handle(context.Background(), record); err != nil {
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
