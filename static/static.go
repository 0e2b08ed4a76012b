// Package static carries the files every page needs, inside the binary.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed *.css *.js *.svg *.ico *.png *.webmanifest *.br *.gz
var embedded embed.FS

// File is one static file, ready to send.
type File struct {
	Body         []byte
	Brotli, Gzip []byte // the same, compressed when it was built (static/pack); nil for pictures
	ContentType  string
	// Immutable says that the address names the content: it may be kept for ever.
	Immutable bool
}

// Files finds static files by name and by address.
type Files struct {
	byName map[string]File   // app.css and app.3f2a91c04b7d.css
	urls   map[string]string // app.css -> /static/app.3f2a91c04b7d.css
}

// New reads the embedded files and names each by its content.
func New() (*Files, error) {
	files := &Files{byName: map[string]File{}, urls: map[string]string{}}
	err := fs.WalkDir(embedded, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) == ".br" || path.Ext(name) == ".gz" {
			return err
		}
		return files.add(name)
	})
	if err != nil {
		return nil, fmt.Errorf("static: %w", err)
	}
	return files, nil
}

// URL is the address of a file, which changes whenever its content does. It is "" for a name that
// is not here.
func (f *Files) URL(name string) string { return f.urls[name] }

// Open finds a file by its plain or its hashed name, without "/static/".
func (f *Files) Open(name string) (File, bool) {
	file, found := f.byName[name]
	return file, found
}

func (f *Files) add(name string) error {
	body, err := embedded.ReadFile(name)
	if err != nil {
		return err
	}
	file := File{Body: body, ContentType: contentType(name)}
	file.Brotli, _ = embedded.ReadFile(name + ".br")
	file.Gzip, _ = embedded.ReadFile(name + ".gz")
	f.byName[name] = file
	hashed := hashedName(name, body)
	file.Immutable = true
	f.byName[hashed] = file
	f.urls[name] = "/static/" + hashed
	return nil
}

func hashedName(name string, body []byte) string {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// contentType is written out, because the mime package reads the machine's own tables.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return "application/octet-stream"
}
