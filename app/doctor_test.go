package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/tests/testkit"
)

// examined is what doctor says of these settings.
func examined(t *testing.T, settings []string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := doctor(t.Context(), lookup(settings), &out)
	return out.String(), err
}

func lookup(settings []string) func(string) string {
	return func(name string) string {
		for _, setting := range slices.Backward(settings) {
			if value, found := strings.CutPrefix(setting, name+"="); found {
				return value
			}
		}
		return ""
	}
}

// doctor prints what to register, and what does not answer.
func TestDoctor(t *testing.T) {
	t.Parallel()
	s := testkit.NewStand(t, &testkit.Clock{})
	settings := append(s.Settings(), "APP_URL=http://localhost:3999",
		"DATABASE_URL=sqlite://"+filepath.Join(t.TempDir(), "gatehouse.db"))
	said, err := examined(t, settings)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, provider := range testkit.Providers {
		if !strings.Contains(said, "http://localhost:3999/auth/"+provider+"/callback  [ok]") {
			t.Errorf("no callback address of %s:\n%s", provider, said)
		}
	}
	s.KeepsQuiet("doctor", said)

	s.Breaks("oidc", "discovery-500")
	s.Breaks("apple", "keys-500")
	said, err = examined(t, append(settings, "REDIS_URL=redis://:hidden-password@127.0.0.1:1/0"))
	if err == nil || !strings.Contains(err.Error(), "3 of these") || strings.Count(said, "FAILS") != 3 ||
		strings.Contains(said, "hidden-password") {
		t.Errorf("with Redis, Apple and the issuer down: %v\n%s", err, said)
	}
	s.KeepsQuiet("doctor", said)
}

// Half a provider stops the start, with a sentence that names the line to mend.
// Nothing runs beside it: a start says for the whole process where go-redis complains.
func TestHalfAProviderStopsTheStart(t *testing.T) {
	s := testkit.NewStand(t, &testkit.Clock{})
	whole := append(s.Settings(), "APP_URL=http://localhost:3999", "ADDR=127.0.0.1:0",
		"DATABASE_URL=sqlite://"+filepath.Join(t.TempDir(), "gatehouse.db"))
	for missing, says := range map[string]string{
		"GOOGLE_CLIENT_SECRET=":                   "GOOGLE_CLIENT_SECRET: set GOOGLE_CLIENT_SECRET beside GOOGLE_CLIENT_ID",
		"GITHUB_CLIENT_ID=":                       "GITHUB_CLIENT_ID: set GITHUB_CLIENT_ID beside GITHUB_CLIENT_SECRET",
		"TWITTER_CLIENT_SECRET=":                  "TWITTER_CLIENT_SECRET: set",
		"APPLE_PRIVATE_KEY=":                      "APPLE_PRIVATE_KEY (or APPLE_PRIVATE_KEY_FILE): set",
		"APPLE_TEAM_ID=":                          "APPLE_TEAM_ID: set",
		"OIDC_ISSUER=":                            "OIDC_ISSUER: set",
		"APPLE_PRIVATE_KEY=not a key":             "APPLE_PRIVATE_KEY: the private key is not the PEM of a .p8",
		"APPLE_PRIVATE_KEY_FILE=/is/not/there.p8": "APPLE_PRIVATE_KEY_FILE: ",
		"OIDC_ISSUER=issuer.example":              "OIDC_ISSUER: the issuer is not an address",
		"KEEP_PROVIDER_TOKENS=gogle":              `KEEP_PROVIDER_TOKENS: name google`,
		"OAUTH_EMULATOR=localhost:4000":           "OAUTH_EMULATOR: set it to http://HOST:PORT",
		"APP_ENV=production":                      "OAUTH_EMULATOR: it lets anyone be anyone; remove it.",
	} {
		settings := append(slices.Clone(whole), missing)
		_, examined := examined(t, settings)
		for name, err := range map[string]error{"start": command(t.Context(), nil, lookup(settings), console{}),
			"doctor": examined} {
			if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), testkit.RegisteredSecret) {
				t.Errorf("%s with %s: %v", name, missing, err)
			}
		}
	}
}

// What cannot be opened is named by its setting, and its password by nobody. Nothing runs beside it, as above.
func TestWhatCannotBeOpenedIsNamed(t *testing.T) {
	for setting, says := range map[string]string{
		"DATABASE_URL=sqlite:///dev/null/no.db":         "DATABASE_URL: ",
		"DATABASE_URL=postgres://a:hunter2@127.0.0.1:1": "DATABASE_URL: ",
		"REDIS_URL=localhost:6379":                      "REDIS_URL: set it to an address like",
		"REDIS_URL=redis://:hunter2@127.0.0.1:1/0":      "REDIS_URL: ",
		"SMTP_URL=mail.example.com":                     "SMTP_URL: set it to an address like",
	} {
		settings := []string{"ADDR=127.0.0.1:0", "APP_URL=http://localhost:3999", "MAIL_FROM=a@example.com",
			"DATABASE_URL=sqlite://" + filepath.Join(t.TempDir(), "gatehouse.db"), setting}
		err := command(t.Context(), nil, lookup(settings), console{})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}
