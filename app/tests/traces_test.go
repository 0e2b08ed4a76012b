package tests

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"gatehouse/app/config"
	"gatehouse/app/tests/testkit"
)

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
	h := testkit.NewHouse(t, "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL)
	b := h.Browser().SignUp(testkit.Someone())
	b.Expire()
	request := b.Request(http.MethodGet, "/profile?notice=secret-in-the-address", nil)
	request.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if answer, err := b.Send(request); err != nil || answer.Status != 200 {
		t.Fatal(answer.Status, err)
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
	page, rotation := byName["GET /profile"], byName["session store: rotate"]
	if page == nil || rotation == nil {
		t.Fatalf("%d spans came: %v", len(got.spans), byName)
	}
	if fmt.Sprintf("%x", page.GetTraceId()) != "0af7651916cd43dd8448eb211c80319c" ||
		fmt.Sprintf("%x", page.GetParentSpanId()) != "b7ad6b7169203331" {
		t.Errorf("the request is not in its caller's trace: %s", page)
	}
	if string(rotation.GetParentSpanId()) != string(page.GetSpanId()) ||
		rotation.GetStartTimeUnixNano() < page.GetStartTimeUnixNano() {
		t.Errorf("the rotation is not within the request: %s", rotation)
	}
	said := map[string]string{}
	for _, attribute := range page.GetAttributes() {
		said[attribute.GetKey()] = strings.Trim(attribute.GetValue().String(), `"`)
	}
	if len(said) != 3 || !strings.Contains(said["http.route"], "/profile") ||
		!strings.Contains(said["http.response.status_code"], "200") {
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
