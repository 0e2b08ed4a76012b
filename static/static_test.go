package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"
)

func TestEveryFileHasAnAddressThatNamesItsContent(t *testing.T) {
	t.Parallel()
	files, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.css", "app.js", "htmx.min.js", "favicon.svg", "favicon.ico",
		"apple-touch-icon.png", "icon-192.png", "icon-512.png", "site.webmanifest"} {
		url := files.URL(name)
		if url == "" || url == "/static/"+name {
			t.Fatalf("URL(%q) = %q", name, url)
		}
		plain, found := files.Open(name)
		if !found || len(plain.Body) == 0 || plain.Immutable {
			t.Errorf("%s: found %v, %d bytes, immutable %v", name, found, len(plain.Body), plain.Immutable)
		}
		hashed, found := files.Open(strings.TrimPrefix(url, "/static/"))
		if !found || !hashed.Immutable || !bytes.Equal(hashed.Body, plain.Body) {
			t.Errorf("%s does not open as %s", url, name)
		}
		if strings.HasPrefix(plain.ContentType, "application/octet") {
			t.Errorf("%s is sent as %s", name, plain.ContentType)
		}
	}
}

func TestGzipIsTheSameFile(t *testing.T) {
	t.Parallel()
	files, err := New()
	if err != nil {
		t.Fatal(err)
	}
	script, _ := files.Open("htmx.min.js")
	r, err := gzip.NewReader(bytes.NewReader(script.Gzip))
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := io.ReadAll(r); err != nil || !bytes.Equal(unpacked, script.Body) {
		t.Fatalf("unpacks to %d bytes of %d: %v", len(unpacked), len(script.Body), err)
	}
	if icon, _ := files.Open("icon-512.png"); icon.Gzip != nil && len(icon.Gzip) >= len(icon.Body) {
		t.Error("a packed picture is packed again")
	}
}

// The script every page trusts is the published file, byte for byte.
func TestHtmxIsAsPublished(t *testing.T) {
	t.Parallel()
	files, err := New()
	if err != nil {
		t.Fatal(err)
	}
	const published = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130" // htmx.org 4.0.1, dist/htmx.min.js
	script, _ := files.Open("htmx.min.js")
	if sum := sha256.Sum256(script.Body); hex.EncodeToString(sum[:]) != published {
		t.Errorf("htmx.min.js has SHA-256 %x", sum)
	}
}

func TestUnknownNamesAreNotFound(t *testing.T) {
	t.Parallel()
	files, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "static.go", "../static.go", "app.000000000000.css", "/app.css"} {
		if _, found := files.Open(name); found {
			t.Errorf("Open(%q) finds something", name)
		}
	}
	if url := files.URL("nothing.css"); url != "" {
		t.Errorf("URL of nothing is %q", url)
	}
}
