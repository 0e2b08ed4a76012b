package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gatehouse/app/tests/testkit/servers"
	"gatehouse/handlers/web"
)

// A request's line names its level, its route and how long it took in milliseconds; in production it is JSON.
func TestRequestLine(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 20, 30, 15, 123456789, time.UTC)
	for status, level := range map[int]string{303: "INFO", 503: "WARN"} {
		var line bytes.Buffer
		request := web.Answered{ID: "7QK", Method: "GET", Route: "/auth/:provider/callback", Status: status, At: at,
			Took: 1234567}
		NewLog(nil, &line, true, slog.LevelInfo).answered(request)
		var got map[string]any
		if err := json.Unmarshal(line.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got["level"] != level || got["route"] != request.Route || got["status"] != float64(status) ||
			got["took_ms"] != 1.234 {
			t.Errorf("%s", &line)
		}
	}
}

// A line about security is written before the answer is: a process that is killed has said it.
func TestOnlyRequestLinesAreGathered(t *testing.T) {
	t.Parallel()
	var written servers.LogBuffer
	out := NewWriter(&written)
	log := NewLog(out.AtOnce(), out, true, slog.LevelInfo)
	log.answered(web.Answered{Route: "/before"})
	log.Info("security")
	if lines := written.String(); !strings.Contains(lines, `"msg":"security"`) || !strings.Contains(lines, "/before") {
		t.Errorf("written at once: %q", lines)
	}
	log.answered(web.Answered{Route: "/after"})
	servers.Eventually(t, "the gathered line is written",
		func() bool { return strings.Contains(written.String(), "/after") })
}
