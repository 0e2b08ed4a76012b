package main

import (
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"gatehouse/app/config"
	"gatehouse/models"
)

// figure is one line of /metrics, -1 when it is not there.
func (h *house) figure(name string) float64 {
	h.t.Helper()
	response, err := http.Get(h.url + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(text)
	if found == nil {
		return -1
	}
	value, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		h.t.Fatal(err)
	}
	return value
}

// Every figure that docs/operations.md explains is there, and moves with what happens.
func TestMetricsTellWhatHappens(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		b := h.browser().signUp(someone())
		owner, thief := b.copy(), b.copy()
		b.get("/nothing-here")
		b.post("/auth/refresh")
		b.get("/dashboard")
		b.post("/auth/refresh")
		owner.post("/auth/refresh") // two behind: reuse
		forger := h.browser()
		forger.keep("refresh", "AQ")
		forger.post("/auth/refresh")
		thief.post("/auth/refresh") // over by now
		for name, want := range map[string]float64{
			`gatehouse_request_seconds_count{method="GET",route="/dashboard",status="200"}`:     1,
			`gatehouse_request_seconds_count{method="POST",route="/auth/refresh",status="204"}`: 2,
			`gatehouse_request_seconds_count{method="POST",route="/auth/refresh",status="401"}`: 3,
			`gatehouse_request_seconds_count{method="POST",route="/sign-up",status="303"}`:      1,
			`gatehouse_refreshes_total{outcome="rotated"}`:                                      2,
			`gatehouse_refreshes_total{outcome="reused"}`:                                       1,
			`gatehouse_refreshes_total{outcome="forged"}`:                                       1,
			`gatehouse_refreshes_total{outcome="ended"}`:                                        1,
			`gatehouse_refreshes_total{outcome="unavailable"}`:                                  0,
			`gatehouse_sessions_started_total`:                                                  1,
			`gatehouse_sessions_ended_total`:                                                    1,
			`gatehouse_password_hashes_waiting`:                                                 0,
			`gatehouse_session_store_seconds_count{operation="rotate",outcome="ok"}`:            3,
			`gatehouse_session_store_seconds_count{operation="start",outcome="ok"}`:             1,
		} {
			if got := h.figure(name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		if lag := h.figure("gatehouse_feed_silence_seconds"); lag < 0 || lag > 10 {
			t.Errorf("the feed was silent for %v s", lag)
		}
	})
}

// Who may read them: whoever carries the token or, without one, whoever is near and came directly.
func TestMetricsAreForOperators(t *testing.T) {
	t.Parallel()
	ask := func(h *house, header, value string) int {
		request, _ := http.NewRequest(http.MethodGet, h.url+"/metrics", nil)
		request.Header.Set(header, value)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	open, closed := newHouse(t), newHouse(t, "METRICS_TOKEN=a token for the scraper")
	for _, tried := range []struct {
		h             *house
		header, value string
		want          int
	}{
		{open, "Accept", "*/*", 200}, {open, "X-Forwarded-For", "198.51.100.7", 404},
		{closed, "Accept", "*/*", 404}, {closed, "Authorization", "Bearer a token for the scrapes", 404}, {closed, "Authorization", "Bearer a token for the scraper", 200},
	} {
		if got := ask(tried.h, tried.header, tried.value); got != tried.want {
			t.Errorf("%s: %s: %d, want %d", tried.header, tried.value, got, tried.want)
		}
	}
}

// The security log has a line for everything that matters, and the table has what belongs to a person.
func TestSecurityEventsAreKept(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		b := h.browser().signUp(email)
		b.want(b.post("/profile", "section", "details", "name", "Ada King", "phone", ""), 303, "/profile?notice=saved")
		left := b.copy()
		b.want(b.post("/auth/sign-out"), 303, "/sign-in?notice=signed-out")
		left.expire()
		left.get("/dashboard") // refused: ended
		left.keep("refresh", "AQ")
		left.get("/dashboard") // refused: forged
		b.post("/sign-in", "email", email, "password", "not the password")
		b.signIn(email)
		old := b.copy()
		b.post("/auth/refresh")
		b.get("/dashboard")
		b.post("/auth/refresh")
		old.post("/auth/refresh") // reuse
		seen := map[string]int{}
		for line := range strings.Lines(h.logs.String()) {
			fields := securityLine.FindStringSubmatch(line)
			if fields == nil {
				continue
			}
			if strings.Contains(line, email) {
				t.Errorf("a line says too much: %s", line)
			}
			seen[fields[1]+" "+strings.Trim(fields[2], `"`)]++
		}
		for _, want := range []string{"signed_up ", "profile_changed ", "signed_out ", "refresh_refused ended", "refresh_refused forged", "signed_in ", "refresh_token_reused Firefox on Linux"} {
			if seen[want] != 1 {
				t.Errorf("%q stands in the log %d times: %v", want, seen[want], seen)
			}
		}
		if count := h.kept(models.EventRefreshRefused, email); count != 1 {
			t.Errorf("%d refused refreshes are in the table, want 1", count)
		}
		if page := b.signIn(email).get("/dashboard"); strings.Contains(page.body, "Account activity") {
			t.Error("a refused refresh is shown to its owner")
		}
	})
}

var securityLine = regexp.MustCompile(`msg=security kind=(\S+) user=\S* session=\S* ip=[0-9.]+ detail=("[^"]*"|\S*) id=[A-Z0-9]{26}`)

// kept counts a person's events of a kind in the table itself.
func (h *house) kept(kind, email string) (count int) {
	h.t.Helper()
	driver, address := "postgres", h.env["DATABASE_URL"]
	if path, embedded := strings.CutPrefix(address, "sqlite://"); embedded {
		driver, address = "sqlite", "file:"+path
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	query := `SELECT count(*) FROM events JOIN users ON users.id = events.user_id WHERE kind = $1 AND users.email = $2`
	if err := db.QueryRow(query, kind, email).Scan(&count); err != nil {
		h.t.Fatal(err)
	}
	return count
}

// Events older than EVENTS_KEEP go, when a process starts and once an hour; younger ones stay.
func TestOldEventsAreSwept(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		email := someone()
		b := h.browser().signUp(email)
		h.clock.advance(47 * time.Hour)
		b.signIn(email)
		h.twin()
		eventually(t, "the first sweep is done", func() bool { return h.kept(models.EventSignedUp, email) == 1 })
		h.clock.advance(2 * time.Hour)
		h.twin()
		eventually(t, "an event of 49 hours ago is gone", func() bool { return h.kept(models.EventSignedUp, email) == 0 })
		if count := h.kept(models.EventSignedIn, email); count != 1 {
			t.Errorf("%d sign-ins of two hours ago are kept, want 1", count)
		}
		h.clock.advance(48 * time.Hour)
		h.twin()
		eventually(t, "no event is left", func() bool { return h.kept(models.EventSignedIn, email) == 0 })
		if page := b.get("/dashboard"); page.status != 200 || !strings.Contains(page.body, "Nothing yet.") {
			t.Errorf("a person without events: %d %s", page.status, text(page.body))
		}
	}, "EVENTS_KEEP=48h")
}

// receiver is a small OpenTelemetry collector: OTLP over HTTP.
type receiver struct {
	mu    sync.Mutex
	spans []*spans.Span
	names []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(request.Body)
	}
	raw, _ := io.ReadAll(body)
	var sent collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(raw, &sent); err != nil || request.URL.Path != "/v1/traces" {
		http.Error(w, "what is this", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range sent.GetResourceSpans() {
		for _, attribute := range resource.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				r.names = append(r.names, attribute.GetValue().GetStringValue())
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			r.spans = append(r.spans, scope.GetSpans()...)
		}
	}
}

// A request is one span, in the caller's trace, that names the route and not the address; what it
// asked of the session store is a span within it.
func TestTracesReachTheCollector(t *testing.T) {
	got := &receiver{}
	server := httptest.NewServer(got)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL) // OpenTelemetry reads the environment itself
	h := newHouse(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL)
	b := h.browser().signUp(someone())
	b.expire()
	request := b.request(http.MethodGet, "/profile?notice=secret-in-the-address", nil)
	request.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if answer, err := b.send(request); err != nil || answer.status != 200 {
		t.Fatal(answer.status, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := h.Close(ctx); err != nil { // hands over what is left
		t.Fatal(err)
	}
	got.mu.Lock()
	defer got.mu.Unlock()
	byName := map[string]*spans.Span{}
	for _, span := range got.spans {
		byName[span.GetName()] = span
		if strings.Contains(span.String(), "secret-in-the-address") || strings.Contains(span.String(), "127.0.0.1") {
			t.Errorf("a span says too much: %s", span)
		}
	}
	page, trade := byName["GET /profile"], byName["session store: trade"]
	if page == nil || trade == nil {
		t.Fatalf("%d spans came: %v", len(got.spans), byName)
	}
	if fmt.Sprintf("%x", page.GetTraceId()) != "0af7651916cd43dd8448eb211c80319c" || fmt.Sprintf("%x", page.GetParentSpanId()) != "b7ad6b7169203331" {
		t.Errorf("the request is not in its caller's trace: %s", page)
	}
	if string(trade.GetParentSpanId()) != string(page.GetSpanId()) || trade.GetStartTimeUnixNano() < page.GetStartTimeUnixNano() {
		t.Errorf("the trade is not within the request: %s", trade)
	}
	said := map[string]string{}
	for _, attribute := range page.GetAttributes() {
		said[attribute.GetKey()] = strings.Trim(attribute.GetValue().String(), `"`)
	}
	if len(said) != 3 || !strings.Contains(said["http.route"], "/profile") || !strings.Contains(said["http.response.status_code"], "200") {
		t.Errorf("the request's span says %v", said)
	}
	if byName["POST /verify"] == nil || len(got.names) == 0 || got.names[0] != "gatehouse" {
		t.Errorf("of service %v: %v", got.names, byName)
	}
}

// Without a collector named, nothing is traced.
func TestNoTracesWithoutACollector(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(func(string) string { return "" })
	if err != nil || cfg.Traces {
		t.Fatalf("traces are %v: %v", cfg.Traces, err)
	}
}
