package testkit

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/models"
)

// Claims are what an access token says, whoever signed it.
func Claims(t *testing.T, access string) map[string]any {
	t.Helper()
	parts := strings.Split(access, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", access)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// User is whom the browser's access token names.
func (b *Browser) User() string { return Claims(b.T, b.Cookies()["access"])["sub"].(string) }

// Session is the session that it names.
func (b *Browser) Session() string { return Claims(b.T, b.Cookies()["access"])["sid"].(string) }

// Record is the only live session of a user.
func (h *House) Record(user string) models.Session {
	h.T.Helper()
	live, err := h.Sessions.List(h.T.Context(), user)
	if err != nil || len(live) != 1 {
		h.T.Fatalf("live sessions: %d, %v; want one", len(live), err)
	}
	return live[0]
}

// Confirmed waits until the store knows that the latest answer of a user's only session arrived.
func (h *House) Confirmed(user string) {
	h.T.Helper()
	Eventually(h.T, "the session is acknowledged", func() bool { return h.Record(user).Acknowledged })
}

// Happened counts the events of a kind.
func (h *House) Happened(user, kind string) int {
	h.T.Helper()
	_, events, err := h.DB.Events.WithUser(h.T.Context(), user, 500)
	if err != nil {
		h.T.Fatal(err)
	}
	count := 0
	for _, event := range events {
		if event.Kind == kind {
			count++
		}
	}
	return count
}

// Lose deletes what the store has of a user's sessions, as a store that lost its memory would.
func (h *House) Lose(user string) {
	h.T.Helper()
	if h.Redis != nil {
		if err := h.Redis.Del(h.T.Context(), "gatehouse:{"+user+"}").Err(); err != nil {
			h.T.Fatal(err)
		}
		return
	}
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(h.Env["DATABASE_URL"],
		"sqlite://")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		h.T.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(`DELETE FROM sessions WHERE user_id = ?`, user); err != nil {
		h.T.Fatal(err)
	}
}
