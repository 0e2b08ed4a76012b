// Package metrics is the Prometheus metrics of one process.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse/app/session"
)

// Figures are what docs/operations.md explains, each by its name there.
type Figures struct {
	registry     *prometheus.Registry
	requests     *prometheus.HistogramVec
	refreshes    *prometheus.CounterVec
	started      prometheus.Counter
	ended        prometheus.Counter
	wrongCodes   prometheus.Counter
	storeAnswers *prometheus.HistogramVec
}

// New begins at zero.
func New() *Figures {
	f := &Figures{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gatehouse_request_seconds",
			Help: "Requests by route, method and status.", Buckets: []float64{.001, .005, .025, .1, .5, 2, 10}},
			[]string{"route", "method", "status"}),
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatehouse_refreshes_total",
			Help: "Refreshes by outcome: rotated, replayed, reused, ended, forged, unavailable."}, []string{"outcome"}),
		started: prometheus.NewCounter(prometheus.CounterOpts{Name: "gatehouse_sessions_started_total",
			Help: "Sessions started by this process."}),
		ended: prometheus.NewCounter(prometheus.CounterOpts{Name: "gatehouse_sessions_ended_total",
			Help: "Sessions ended by this process."}),
		wrongCodes: prometheus.NewCounter(prometheus.CounterOpts{Name: "gatehouse_wrong_codes_total",
			Help: "Mailed codes that were typed wrong, over all accounts."}),
		storeAnswers: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gatehouse_session_store_seconds",
			Help: "Answers of the session store by operation and outcome.", Buckets: []float64{.0005, .001, .005, .025, .1, .5,
				2}}, []string{"operation", "outcome"}),
	}
	for _, outcome := range []string{"rotated", "replayed", "reused", "ended", "forged", "unavailable"} {
		f.refreshes.WithLabelValues(outcome)
	}
	f.registry.MustRegister(f.requests, f.refreshes, f.started, f.ended, f.wrongCodes, f.storeAnswers,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return f
}

// Watch adds what others know: how long ago the feed was read, how many passwords wait for a hash and how
// many had one.
func (f *Figures) Watch(lag func() time.Duration, waiting func() int, hashed func() int64) {
	f.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "gatehouse_password_hashes_total",
			Help: "Passwords hashed by this process."}, func() float64 { return float64(hashed()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gatehouse_feed_silence_seconds",
			Help: "Time since the feed of ended sessions was last read."}, func() float64 { return lag().Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gatehouse_password_hashes_waiting",
			Help: "Passwords being hashed or waiting for it."}, func() float64 { return float64(waiting()) }),
	)
}

// WatchOutbox adds what waits to be sent or ended, in all processes, and for how long.
func (f *Figures) WatchOutbox(waiting func() int, age func() time.Duration) {
	f.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gatehouse_outbox_waiting",
			Help: "Mails to be sent and sessions to be ended, in all processes."}, func() float64 { return float64(waiting()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gatehouse_outbox_oldest_seconds",
			Help: "How long the oldest of them has waited."}, func() float64 { return age().Seconds() }),
	)
}

// Build adds what is running: 1 under the labels of this build.
func (f *Figures) Build(version, golang string) {
	f.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gatehouse_build_info",
		Help: "What is running.", ConstLabels: prometheus.Labels{"version": version,
			"go": golang}}, func() float64 { return 1 }))
}

// Answered counts one request.
func (f *Figures) Answered(route, method string, status int, took time.Duration) {
	f.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// WrongCode counts a mailed code that was typed wrong.
func (f *Figures) WrongCode() { f.wrongCodes.Inc() }

// Sessions counts what the session engine does.
func (f *Figures) Sessions() session.Observer {
	return session.Observer{
		Refreshed: func(outcome string) { f.refreshes.WithLabelValues(outcome).Inc() },
		Started:   f.started.Inc,
		Ended:     func(count int) { f.ended.Add(float64(count)) },
		Stored: func(_ context.Context, operation string, took time.Duration, failed bool) {
			outcome := "ok"
			if failed {
				outcome = "failed"
			}
			f.storeAnswers.WithLabelValues(operation, outcome).Observe(took.Seconds())
		},
	}
}

// Handler shows the figures.
func (f *Figures) Handler() http.Handler {
	return promhttp.HandlerFor(f.registry, promhttp.HandlerOpts{})
}
