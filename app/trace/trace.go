// Package trace exports spans to an OpenTelemetry collector over OTLP/HTTP: one for each request, and within it one for
// each operation of the session store.
package trace

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracer makes spans. Where to, how many and under which name it reads from the OTEL_ variables of
// the environment itself (OpenTelemetry, "Environment Variable Specification").
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	incoming propagation.TraceContext
}

// Open prepares to export spans; it does not wait for the collector. A collector that does not answer costs spans,
// never a request.
func Open(ctx context.Context, log *slog.Logger) (*Tracer, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	service, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "gatehouse")),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("trace: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("could not hand over traces", "err", err) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(service))
	return &Tracer{provider: provider, tracer: provider.Tracer("gatehouse")}, nil
}

// Close exports the spans that are left.
func (t *Tracer) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// Request begins the span of one request, within the caller's own trace if its traceparent header
// names one (W3C Trace Context). The span says the route's pattern, never the address, which can hold
// a code.
func (t *Tracer) Request(ctx context.Context, method string, header func(name string) string) (context.Context,
	func(route string, status int)) {
	ctx, span := t.tracer.Start(t.incoming.Extract(ctx, carrier(header)), method, trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(route string, status int) {
		span.SetName(method + " " + route)
		span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route),
			attribute.Int("http.response.status_code", status))
		if status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Stored is the span of one operation of the session store that has just ended.
func (t *Tracer) Stored(ctx context.Context, operation string, took time.Duration, failed bool) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return // work behind the requests
	}
	now := time.Now()
	_, span := t.tracer.Start(ctx, "session store: "+operation, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(now.Add(-took)))
	if failed {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(now))
}

// carrier reads a request's headers for OpenTelemetry.
type carrier func(name string) string

func (c carrier) Get(name string) string { return c(name) }
func (c carrier) Set(string, string)     {}
func (c carrier) Keys() []string         { return nil }
