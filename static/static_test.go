package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
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

// What is sent compressed is the file as it is now, and every file that compresses well is.
func TestCompressedIsTheSameFile(t *testing.T) {
	t.Parallel()
	files, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.css", "app.js", "htmx.min.js", "favicon.svg", "site.webmanifest"} {
		file, _ := files.Open(name)
		unpacked, err := io.ReadAll(brotli.NewReader(bytes.NewReader(file.Brotli)))
		if err != nil || !bytes.Equal(unpacked, file.Body) {
			t.Errorf("%s.br is another file (%v): run make generate", name, err)
		}
		packed, err := gzip.NewReader(bytes.NewReader(file.Gzip))
		if err != nil {
			t.Fatalf("%s.gz: %v", name, err)
		}
		if unpacked, err = io.ReadAll(packed); err != nil || !bytes.Equal(unpacked, file.Body) {
			t.Errorf("%s.gz is another file (%v): run make generate", name, err)
		}
	}
	if icon, _ := files.Open("icon-512.png"); icon.Gzip != nil || icon.Brotli != nil {
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
	// htmx.org 4.0.1, dist/htmx.min.js
	const published = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
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
	for _, name := range []string{"", "static.go", "../static.go", "app.000000000000.css", "/app.css", "app.css.br",
		"app.css.gz"} {
		if _, found := files.Open(name); found {
			t.Errorf("Open(%q) finds something", name)
		}
	}
	if url := files.URL("nothing.css"); url != "" {
		t.Errorf("URL of nothing is %q", url)
	}
}
