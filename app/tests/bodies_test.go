package tests

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// The browser that sends too much sees the page that says so, not a reset connection; and a form that just
// fits is taken.
func TestTooLargeIsSaid(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser().SignUp(testkit.Someone())
	large := strings.Repeat("x", 1<<20)
	if got := b.Post("/sign-in", "email", large); got.Status != 413 ||
		!strings.Contains(got.Body, "more than this form takes") {
		t.Errorf("a form of 1 MB: %d %s", got.Status, testkit.Text(got.Body))
	}
	if got := upload(b, bytes.Repeat([]byte("x"), 4<<20)); got.Status != 413 ||
		!strings.Contains(got.Body, "a picture may have 3 MB") {
		t.Errorf("a picture of 4 MB: %d %s", got.Status, testkit.Text(got.Body))
	}
	if got := b.Post("/profile", "section", "details", "name", "Ada", "phone",
		strings.Repeat("1", 15<<10)); got.Status != 422 {
		t.Errorf("a form of 15 KB: %d %s", got.Status, testkit.Text(got.Body))
	}
	if got := b.Post("/sign-in", strings.Split(strings.Repeat("a ", 140), " ")...); got.Status != 400 {
		t.Errorf("a form of 70 fields: %d", got.Status)
	}
	if !b.SignedIn() {
		t.Error("and the session is gone")
	}
}

// uploadTo sends a picture to a route.
func uploadTo(b *testkit.Browser, path string, file []byte) testkit.Answer {
	b.T.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("section", "picture")
	part, _ := form.CreateFormFile("picture", "me.png")
	_, _ = part.Write(file)
	_ = form.Close()
	request := b.Request(http.MethodPost, path, nil)
	request.Body, request.ContentLength = io.NopCloser(&body), int64(body.Len())
	request.Header.Set("Content-Type", form.FormDataContentType())
	got, err := b.Send(request)
	if err != nil {
		b.T.Fatal(err)
	}
	return got
}

// Every form is bounded in its size, its fields and its rate: whichever route a client chooses, it is refused
// after a while, and told how long to wait.
func TestEveryFormIsBounded(t *testing.T) {
	t.Parallel()
	h, _ := testkit.NewEmulated(t, "LIMITS=on")
	member := h.Member(testkit.Someone())
	many := strings.Split(strings.Repeat("a b ", 70), " ")
	for _, route := range h.Web.GetRoutes(true) {
		if route.Method != http.MethodPost {
			continue
		}
		t.Run(route.Path, func(t *testing.T) {
			path := strings.Replace(route.Path, ":provider", "google", 1)
			b := member.Copy()
			b.T, b.From = t, testkit.AnyAddress()
			if got := b.Post(path, "a", strings.Repeat("x", 17<<10)); got.Status != 413 {
				t.Errorf("17 KB: %d", got.Status)
			}
			if got := b.Post(path, many...); got.Status != 400 && path != "/auth/refresh" { // which reads no form
				t.Errorf("70 fields: %d", got.Status)
			}
			if path == "/auth/sign-out" || path == "/auth/refresh" {
				b = h.Browser() // the session is for the others
				b.T, b.From = t, testkit.AnyAddress()
			}
			for range 2600 {
				if path == "/auth/refresh" {
					b.Keep("refresh", "AQ") // the answer takes it
				}
				got := b.Post(path, "email", "nobody")
				if got.Status != http.StatusTooManyRequests {
					continue
				}
				if got.Header.Get("Retry-After") == "" {
					t.Error("and is not told how long to wait")
				}
				return
			}
			t.Error("posted without end")
		})
	}
}
