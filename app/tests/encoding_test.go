package tests

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"gatehouse/app/tests/testkit"
)

// asBrowser asks as a browser that unpacks nothing by itself. bytes is what came, headers included.
func asBrowser(t *testing.T, b *testkit.Browser, method, path, accepted string) (got *http.Response, body []byte,
	bytes int) {
	t.Helper()
	plain := &http.Transport{DisableCompression: true}
	defer plain.CloseIdleConnections()
	request := b.Request(method, path, nil)
	if accepted != "" {
		request.Header.Set("Accept-Encoding", accepted)
	}
	for name, value := range b.Cookies() {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	got, err := plain.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	if body, err = io.ReadAll(got.Body); err != nil {
		t.Fatal(err)
	}
	var head strings.Builder
	_ = got.Header.Write(&head)
	return got, body, len("HTTP/1.1 200 OK\r\n\r\n") + head.Len() + len(body)
}

func unpacked(t *testing.T, encoding string, body []byte) string {
	t.Helper()
	var from io.Reader = strings.NewReader(string(body))
	switch encoding {
	case "br":
		from = brotli.NewReader(from)
	case "gzip":
		packed, err := gzip.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		from = packed
	}
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatalf("%s: %v", encoding, err)
	}
	return string(text)
}

// assets are the files that a page names.
func assets(page string) (paths []string) {
	for _, found := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		paths = append(paths, found[1])
	}
	return paths
}

// A file comes in the encoding that is taken most gladly, Brotli where two are equal, and is the same in each.
func TestFilesComeInTheBestEncoding(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	b := h.Browser()
	path := ""
	for _, found := range assets(b.Get("/").Body) {
		if strings.HasSuffix(found, ".css") {
			path = found
		}
	}
	_, whole, _ := asBrowser(t, b, http.MethodGet, path, "")
	for accepted, want := range map[string]string{
		"": "", "gzip, deflate, br, zstd": "br", "gzip": "gzip", "BR": "br", "gzip;q=1, br;q=0.5": "gzip", "br;q=0, gzip": "gzip",
		"gzip;q=0": "", "identity, gzip;q=0.0": "", "x-not-gzip": "", "*": "br", "*, br;q=0": "gzip", "gzip; q=0.2, br; q=0.1": "gzip",
		"identity, gzip;q=0.5": "", "gzip;q=high": "", "deflate": "",
	} {
		got, body, _ := asBrowser(t, b, http.MethodGet, path, accepted)
		encoding := got.Header.Get("Content-Encoding")
		if got.StatusCode != 200 || encoding != want || got.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %d, sent as %q, Vary %q, want %q", accepted, got.StatusCode, encoding, got.Header.Get("Vary"), want)
		}
		if unpacked(t, encoding, body) != string(whole) {
			t.Errorf("%q: another file", accepted)
		}
		head, _, _ := asBrowser(t, b, http.MethodHead, path, accepted)
		if head.Header.Get("Content-Encoding") != encoding || head.Header.Get("Content-Length") != strconv.Itoa(len(body)) {
			t.Errorf("%q: HEAD says %q, %s bytes", accepted, head.Header.Get("Content-Encoding"),
				head.Header.Get("Content-Length"))
		}
	}
	icon, _, _ := asBrowser(t, b, http.MethodGet, "/favicon.ico", "gzip, br")
	if encoding := icon.Header.Get("Content-Encoding"); icon.StatusCode != 200 || encoding != "" {
		t.Errorf("a picture: %d, sent as %q", icon.StatusCode, encoding)
	}
}

// Guests' pages are compressed. A page that may hold a secret is not: its length would tell of it (BREACH).
func TestOnlyPagesWithoutSecretsAreCompressed(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	guest, user, flow := h.Browser(), h.Browser().SignUp(testkit.Someone()), h.Browser()
	flow.Want(flow.Post("/sign-up", "name", "Ada", "email", testkit.Someone(), "password", testkit.Password), 303,
		"/verify")
	for _, try := range []struct {
		who        *testkit.Browser
		path, want string
	}{
		{guest, "/", "gzip"}, {guest, "/sign-in", "gzip"}, {guest, "/sign-up", "gzip"}, {guest, "/forgot", "gzip"},
		{guest, "/nothing/here", "gzip"}, {user, "/", ""}, {user, "/dashboard", ""}, {user, "/profile", ""}, {user,
			"/nothing/here", ""},
		{flow, "/verify", ""}, {flow, "/sign-up", ""},
	} {
		got, body, _ := asBrowser(t, try.who, http.MethodGet, try.path, "gzip, br")
		encoding := got.Header.Get("Content-Encoding")
		if encoding != try.want {
			t.Errorf("%s: %d, sent as %q, want %q", try.path, got.StatusCode, encoding, try.want)
		}
		if vary := strings.Contains(got.Header.Get("Vary"), "Accept-Encoding"); vary != (try.want != "") {
			t.Errorf("%s: Vary is %q", try.path, got.Header.Get("Vary"))
		}
		if !strings.Contains(unpacked(t, encoding, body), "</html>") {
			t.Errorf("%s is no whole page", try.path)
		}
		if head, _, _ := asBrowser(t, try.who, http.MethodHead, try.path,
			"gzip, br"); head.Header.Get("Content-Encoding") != encoding {
			t.Errorf("HEAD %s is %q", try.path, head.Header.Get("Content-Encoding"))
		}
		if plain, _, _ := asBrowser(t, try.who, http.MethodGet, try.path, ""); plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: sent as %q to whoever takes none", try.path, plain.Header.Get("Content-Encoding"))
		}
	}
}

// The first visit of /sign-in, with every provider's button: the page and all that it names.
func TestFirstVisitIsSmall(t *testing.T) {
	t.Parallel()
	const most = 28 << 10
	h := testkit.NewHouse(t, "GOOGLE_CLIENT_ID=g", "GOOGLE_CLIENT_SECRET=s", "GITHUB_CLIENT_ID=g",
		"GITHUB_CLIENT_SECRET=s",
		"TWITTER_CLIENT_ID=t", "TWITTER_CLIENT_SECRET=s")
	b := h.Browser()
	got, body, all := asBrowser(t, b, http.MethodGet, "/sign-in", "gzip, deflate, br, zstd")
	for _, path := range assets(unpacked(t, got.Header.Get("Content-Encoding"), body)) {
		if strings.Contains(path, "touch-icon") || strings.HasSuffix(path, ".webmanifest") { // asked when it is installed
			continue
		}
		_, _, bytes := asBrowser(t, b, http.MethodGet, path, "gzip, deflate, br, zstd")
		all += bytes
	}
	t.Logf("%d bytes", all)
	if all > most {
		t.Errorf("the first visit of /sign-in is %d bytes, want at most %d", all, most)
	}
}
