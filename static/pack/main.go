// Command pack writes the static files that compress well in Brotli and gzip beside themselves, as small as they
// get: packing a file takes longer than a start may, so it is done when the files are built (make generate). Both
// libraries are pinned by go.mod, so what it writes is the same on every machine.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

func main() {
	for _, pattern := range []string{"*.css", "*.js", "*.svg", "*.webmanifest"} { // pictures are packed already
		names, _ := filepath.Glob(filepath.Join("static", pattern))
		for _, name := range names {
			if err := pack(name); err != nil {
				fmt.Fprintln(os.Stderr, "pack:", err)
				os.Exit(1)
			}
		}
	}
}

func pack(name string) error {
	body, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	err = write(name+".br", body, func(to io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(to, brotli.BestCompression), nil
	})
	if err != nil {
		return err
	}
	return write(name+".gz", body, func(to io.Writer) (io.WriteCloser, error) {
		return gzip.NewWriterLevel(to, gzip.BestCompression)
	})
}

func write(name string, body []byte, packer func(io.Writer) (io.WriteCloser, error)) error {
	var packed bytes.Buffer
	w, err := packer(&packed)
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(name, packed.Bytes(), 0o644)
}
