package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every secret may rest in a file, whose last line's end is not part of it; one that cannot be read is named.
func TestSecretsInFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var settings []string
	for _, name := range Names() {
		if !strings.HasSuffix(name, "_FILE") {
			continue
		}
		value := map[string]string{"DATABASE_URL_FILE": "postgres://", "SMTP_URL_FILE": "smtp://"}[name] +
			strings.Repeat("s", 40)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		settings = append(settings, name+"="+filepath.Join(folder, name))
	}
	settings = append(settings, "GOOGLE_CLIENT_ID=i", "GITHUB_CLIENT_ID=i", "TWITTER_CLIENT_ID=i", "OIDC_CLIENT_ID=i",
		"OIDC_ISSUER=https://issuer.example.com", "APPLE_CLIENT_ID=i", "APPLE_TEAM_ID=t", "APPLE_KEY_ID=k",
		"APP_ENV=production", "APP_URL=https://a.example.com", "MAIL_FROM=a@example.com", "DATABASE_URL=sqlite://an-images-default")
	c, err := load(settings...)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("s", 40)
	for i, got := range []string{c.Secrets[0], strings.TrimPrefix(c.DatabaseURL, "postgres://"), c.RedisURL,
		strings.TrimPrefix(c.SMTPURL, "smtp://"), c.Google.Secret, c.GitHub.Secret, c.Twitter.Secret, c.OIDC.Secret,
		c.Apple.PrivateKey, c.MetricsToken} {
		if got != want {
			t.Errorf("secret %d is %q", i, got)
		}
	}
	if len(settings)-12 != 10 {
		t.Errorf("%d secrets may rest in files", len(settings)-12)
	}
	_, err = load("APP_SECRETS_FILE=" + filepath.Join(folder, "none"))
	if err == nil || !strings.HasPrefix(err.Error(), "APP_SECRETS_FILE: open ") {
		t.Errorf("a file that is not there: %v", err)
	}
}
