package main

import (
	"os"
	"strings"
	"testing"
)

// A .env that cannot be read stops the start, and is not quoted: it holds secrets.
func TestBrokenEnvFileStopsTheStart(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("APP_ENV", "")
	if _, err := settings(); err != nil {
		t.Fatalf("without a .env: %v", err)
	}
	for text, fine := range map[string]bool{"PASSWORD_MIN=20\n": true,
		"this is not a line\nAPP_SECRETS=hunter2\n": false} {
		if err := os.WriteFile(".env", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		getenv, err := settings()
		if (err == nil) != fine || fine && getenv("PASSWORD_MIN") != "20" ||
			err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
