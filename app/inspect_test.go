package main

import (
	"bufio"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"gatehouse/models"
)

// What walks look at behind the pages, to see what a request has really done.

// claims are what an access token says, whoever signed it.
func claims(t *testing.T, access string) map[string]any {
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

// user is whom the browser's access token names; session is in which session.
func (b *browser) user() string { return claims(b.t, b.cookies()["access"])["sub"].(string) }

func (b *browser) session() string { return claims(b.t, b.cookies()["access"])["sid"].(string) }

// record is the only live session of a user.
func (h *house) record(user string) models.Session {
	h.t.Helper()
	live, err := h.Sessions.List(h.t.Context(), user)
	if err != nil || len(live) != 1 {
		h.t.Fatalf("live sessions: %d, %v; want one", len(live), err)
	}
	return live[0]
}

// confirmed waits until the store knows that the latest answer of a user's only session arrived.
func (h *house) confirmed(user string) {
	h.t.Helper()
	eventually(h.t, "the session is acknowledged", func() bool { return h.record(user).Acknowledged })
}

// happened counts the events of a kind.
func (h *house) happened(user, kind string) int {
	h.t.Helper()
	_, events, err := h.DB.Events.WithUser(h.t.Context(), user, 500)
	if err != nil {
		h.t.Fatal(err)
	}
	count := 0
	for _, event := range events {
		if event.Kind == kind {
			count++
		}
	}
	return count
}

// posted shuts the house, so that every mail is out, and counts those to an address by subject.
func (h *house) posted(to, subject string) int {
	h.t.Helper()
	h.shut()
	count := 0
	for _, kept := range h.Mailbox.All() {
		if kept.To == to && kept.Subject == subject {
			count++
		}
	}
	return count
}

// lose deletes what the store has of a user's sessions, as a store that lost its memory would.
func (h *house) lose(user string) {
	h.t.Helper()
	if h.Redis != nil {
		if err := h.Redis.Del(h.t.Context(), "gatehouse:{"+user+"}").Err(); err != nil {
			h.t.Fatal(err)
		}
		return
	}
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(h.env["DATABASE_URL"], "sqlite://")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(`DELETE FROM sessions WHERE user_id = ?`, user); err != nil {
		h.t.Fatal(err)
	}
}

// race does something n times at once.
func race(n int, run func(i int)) {
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

// try is do for goroutines: what went wrong has status 0 and is in the body.
func (b *browser) try(method, path string, form url.Values) answer {
	got, err := b.send(b.request(method, path, form))
	if err != nil {
		return answer{body: err.Error(), header: http.Header{}}
	}
	return got
}

// refuses fails the test unless the browser is signed in nowhere: no page, no JSON, no trade.
func (b *browser) refuses(why string) {
	b.t.Helper()
	if got := b.get("/auth/session"); got.status != 401 {
		b.t.Errorf("%s: GET /auth/session answered %d, want 401", why, got.status)
	}
	if got := b.copy().post("/auth/refresh"); got.status != 401 {
		b.t.Errorf("%s: POST /auth/refresh answered %d, want 401", why, got.status)
	}
	if got := b.copy().get("/dashboard"); got.status != 303 || !strings.HasPrefix(got.to(), "/sign-in?") {
		b.t.Errorf("%s: GET /dashboard answered %d to %q, want 303 to /sign-in", why, got.status, got.to())
	}
}

// mailAbout waits for the next mail to an address with this subject.
func (h *house) mailAbout(to, subject string) string {
	h.t.Helper()
	for {
		if mail := h.mail(to); strings.HasPrefix(mail, subject+"\n") {
			return mail
		}
	}
}

// announces posts no more than the header of a form of so many bytes. Too many are refused by it
// alone; a client that goes on writing may find the connection closed before it reads why.
func (b *browser) announces(path string, size int) answer {
	b.t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(b.h.url, "http://"))
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, _ = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n", path, size)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}
