package main

import (
	"os"
	"strings"
	"testing"
)

// A .env that is not understood stops the start with the number of the line, and is not quoted: it holds secrets.
func TestEveryLineOfTheEnvFileIsUnderstood(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("APP_ENV", "")
	if _, err := settings(); err != nil {
		t.Fatalf("without a .env: %v", err)
	}
	for text, says := range map[string]string{
		"PASSWORD_MIN=20\n": "",
		"# a comment\n\nexport PASSWORD_MIN=20\nAPP_SECRETS_FILE=/run/secret\nDOMAIN=x\nCOMPOSE_PROJECT_NAME=x\n": "",
		"PASSWORD_MIN=20\nthis is not a line\nAPP_SECRETS=hunter2\n":                                              "line 2 is not NAME=value",
		"PASSWORD_MIN=20\nAPP_URL http://hunter2\n":                                                               "line 2: this is not NAME=value",
		"\nSMTP_ULR=hunter2\n":           "line 2: SMTP_ULR is no setting; did you mean SMTP_URL?",
		"SMTP_URL=x\nsmtp_url=hunter2\n": "line 2: smtp_url is no setting; did you mean SMTP_URL?",
		"COLOUR=hunter2\n":               "line 1: COLOUR is no setting; .env.example",
		"OTEL_SERVICE_NAME=hunter2\n":    "the environment itself",
		"APP_SECRETS='hunter2\n":         "not NAME=value, or its quotes do not close",
	} {
		if err := os.WriteFile(".env", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		getenv, err := settings()
		if says == "" && (err != nil || getenv("PASSWORD_MIN") != "20") {
			t.Errorf("%q: %v", text, err)
		}
		if says != "" && (err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}
