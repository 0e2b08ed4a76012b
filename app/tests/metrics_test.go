package tests

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"gatehouse/app/tests/testkit"
)

// figure is one line of /metrics, -1 when it is not there.
func figure(h *testkit.House, name string) float64 {
	h.T.Helper()
	response, err := http.Get(h.URL + "/metrics")
	if err != nil {
		h.T.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(text)
	if found == nil {
		return -1
	}
	value, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		h.T.Fatal(err)
	}
	return value
}

// Every figure that docs/operations.md explains is there, and moves with what happens.
func TestMetricsTellWhatHappens(t *testing.T) {
	t.Parallel()
	testkit.EveryStore(t, func(t *testing.T, h *testkit.House) {
		b := h.Browser().SignUp(testkit.Someone())
		owner, thief := b.Copy(), b.Copy()
		b.Get("/nothing-here")
		b.Post("/auth/refresh")
		b.Get("/dashboard")
		b.Post("/auth/refresh")
		owner.Post("/auth/refresh") // two behind: reuse
		forger := h.Browser()
		forger.Keep("refresh", "AQ")
		forger.Post("/auth/refresh")
		thief.Post("/auth/refresh") // over by now
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
			if got := figure(h, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		if lag := figure(h, "gatehouse_feed_silence_seconds"); lag < 0 || lag > 10 {
			t.Errorf("the feed was silent for %v s", lag)
		}
	})
}

// Who may read them: whoever carries the token or, without one, whoever is near and came directly.
func TestMetricsAreForOperators(t *testing.T) {
	t.Parallel()
	ask := func(h *testkit.House, header, value string) int {
		request, _ := http.NewRequest(http.MethodGet, h.URL+"/metrics", nil)
		request.Header.Set(header, value)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	open, closed := testkit.NewHouse(t), testkit.NewHouse(t, "METRICS_TOKEN=a token for the scraper")
	for _, tried := range []struct {
		h             *testkit.House
		header, value string
		want          int
	}{
		{open, "Accept", "*/*", 200}, {open, "X-Forwarded-For", "198.51.100.7", 404},
		{closed, "Accept", "*/*", 404}, {closed, "Authorization", "Bearer a token for the scrapes", 404},
		{closed, "Authorization", "Bearer a token for the scraper", 200},
	} {
		if got := ask(tried.h, tried.header, tried.value); got != tried.want {
			t.Errorf("%s: %s: %d, want %d", tried.header, tried.value, got, tried.want)
		}
	}
}
