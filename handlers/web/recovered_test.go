package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"gatehouse/static"
)

// A panic is a page with the request's id; the reason and the stack are for the log alone, and the
// process serves on.
func TestPanicBecomesAPage(t *testing.T) {
	var log bytes.Buffer
	files, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{URL: &url.URL{Scheme: "http", Host: "localhost"}, Static: files, Now: time.Now,
		Observe: func(Answered) {}, Log: slog.New(slog.NewTextHandler(&log, nil))}
	if err := s.Prepare(nil); err != nil {
		t.Fatal(err)
	}
	app := fiber.New(fiber.Config{ErrorHandler: s.Answer})
	app.Use(s.AccessLog, s.Recover, s.WithTimeout, s.RejectCrossSite)
	app.Get("/panics", func(*fiber.Ctx) error { panic("the reason, 4711") })
	for range 2 {
		response, err := app.Test(httptest.NewRequest("GET", "/panics", nil))
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(response.Body)
		id := response.Header.Get("X-Request-Id")
		if response.StatusCode != 500 || !strings.Contains(string(page), "Something went wrong") || id == "" ||
			!strings.Contains(string(page), id) {
			t.Errorf("%d %q %s", response.StatusCode, id, page)
		}
		if strings.Contains(string(page), "4711") || strings.Contains(string(page), ".go:") {
			t.Error("the page tells the reason or the stack")
		}
		if !strings.Contains(log.String(), "4711") || !strings.Contains(log.String(), id) ||
			!strings.Contains(log.String(), "recovered_test.go") {
			t.Error("the log lacks the reason, the id or the stack")
		}
		if response.Header.Get("Content-Security-Policy") == "" || response.Header.Get("Cache-Control") != "no-store" {
			t.Error("the page of a panic is not hardened")
		}
	}
}
