package config

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// load reads settings, each "NAME=value".
func load(settings ...string) (Config, error) {
	env := map[string]string{}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		env[name] = value
	}
	return Load(func(name string) string { return env[name] })
}

// production is all that a production start asks for.
func production(more ...string) []string {
	return append([]string{"APP_ENV=production", "APP_URL=https://accounts.example.com", "APP_SECRETS=" +
		strings.Repeat("s", 32),
		"SMTP_URL=smtp://mail.example.com:587", "MAIL_FROM=Example <accounts@example.com>"}, more...)
}

func TestNothingSetIsDevelopment(t *testing.T) {
	t.Parallel()
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Production || c.Addr != "localhost:3000" || c.URL.String() != "http://localhost:3000" ||
		c.DatabaseURL != "sqlite://data/gatehouse.db" ||
		c.AccessTTL != 10*time.Minute || c.SessionIdle != 168*time.Hour || c.SessionMax != 720*time.Hour ||
		c.RefreshGrace != 30*time.Second ||
		c.PasswordMin != 12 || !slices.Equal(c.AccessClaims, []string{"name", "email"}) || c.TokenAudience != "" ||
		c.EventsKeep != 2160*time.Hour || !c.Limits || !c.DatabasePrepare || c.RedisURL+c.SMTPURL+c.MetricsToken != "" ||
		c.Traces {
		t.Errorf("the defaults are %+v", c)
	}
}

func TestWhatIsSetIsRead(t *testing.T) {
	t.Parallel()
	c, err := load(production("ADDR=127.0.0.1:8080",
		"APP_SECRETS="+strings.Repeat("a", 32)+" , "+strings.Repeat("b", 40)+",",
		"DATABASE_URL=postgres://db/gatehouse", "DATABASE_PREPARE=off", "REDIS_URL=rediss://cache:6379/1", "ACCESS_TTL=5m",
		"ACCESS_CLAIMS=none", "TOKEN_AUDIENCE=https://api.example.com", "TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.1,2001:db8::1/32",
		"APPLE_CLIENT_ID=i", "APPLE_TEAM_ID=t", "APPLE_KEY_ID=k", `APPLE_PRIVATE_KEY=-----BEGIN\nPRIVATE`, "KEEP_PROVIDER_TOKENS=google, github", "METRICS_TOKEN=m")...)
	if err != nil {
		t.Fatal(err)
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"),
		netip.MustParsePrefix("2001:db8::/32")}
	if !c.Production || len(c.Secrets) != 2 || c.AccessClaims != nil || c.TokenAudience != "https://api.example.com" ||
		c.Secrets[1] != strings.Repeat("b", 40) || c.AccessTTL != 5*time.Minute || c.DatabasePrepare ||
		!slices.Equal(c.TrustedProxies, proxies) || !slices.Equal(c.KeepProviderTokens, []string{"google", "github"}) ||
		c.Apple.PrivateKey != "-----BEGIN\nPRIVATE" || c.MetricsToken != "m" {
		t.Errorf("read as %+v", c)
	}
}

// Each half-made setting stops the start with one sentence that begins with the line to mend.
func TestEverySentence(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("s", 32)
	for _, c := range []struct {
		settings []string
		sentence string
	}{
		{[]string{"APP_ENV=staging"}, `APP_ENV: set it to development or production, not "staging".`},
		{[]string{"LIMITS=no"}, `LIMITS: set it to on or off, not "no".`},
		{[]string{"ACCESS_TTL=10"}, `ACCESS_TTL: set it to a time such as 10m or 168h, not "10".`},
		{[]string{"REFRESH_GRACE=-1s"}, `REFRESH_GRACE: set it to a time such as 10m or 168h, not "-1s".`},
		{[]string{"EVENTS_KEEP=0s"}, `EVENTS_KEEP: set it to a time such as 10m or 168h, not "0s".`},
		{[]string{"SESSION_IDLE=week"}, `SESSION_IDLE: set it to a time such as 10m or 168h, not "week".`},
		{[]string{"PASSWORD_MIN=7"}, `PASSWORD_MIN: set it to a number from 8 to 64, not "7".`},
		{[]string{"PASSWORD_MIN=65"}, `PASSWORD_MIN: set it to a number from 8 to 64, not "65".`},
		{[]string{"PASSWORD_MIN=twelve"}, `PASSWORD_MIN: set it to a number from 8 to 64, not "twelve".`},
		{[]string{"APP_URL=accounts.example.com"}, `APP_URL: set it to the public address and nothing more, such as https://accounts.example.com, not "accounts.example.com".`},
		{[]string{"APP_URL=https://example.com/accounts"},
			`APP_URL: set it to the public address and nothing more, such as https://accounts.example.com, not "https://example.com/accounts".`},
		{[]string{"APP_URL=ftp://example.com"}, `APP_URL: set it to the public address and nothing more, such as https://accounts.example.com, not "ftp://example.com".`},
		{[]string{"TRUSTED_PROXIES=10.0.0.0/8,proxy"},
			`TRUSTED_PROXIES: list addresses or networks such as 10.0.0.0/8, not "proxy".`},
		{[]string{"APP_SECRETS=" + long + ",short"},
			"APP_SECRETS: each secret has 32 bytes or more; `openssl rand -base64 48` makes one."},
		{[]string{"APP_URL=https://example.com/#a"},
			`APP_URL: set it to the public address and nothing more, such as https://accounts.example.com, not "https://example.com/#a".`},
		{[]string{"ACCESS_CLAIMS=name,phone"}, `ACCESS_CLAIMS: list name, email, email_verified and picture, or set it to none, not "phone".`},
		{[]string{"ACCESS_CLAIMS=name,none"}, `ACCESS_CLAIMS: list name, email, email_verified and picture, or set it to none, not "none".`},
		{[]string{"TOKEN_AUDIENCE=one two"}, `TOKEN_AUDIENCE: set it to one name without blanks, such as https://api.example.com, of 200 bytes or less.`},
		{[]string{"ADDR=x y"}, `ADDR: set it to host:port or :port, not "x y".`},
		{[]string{"ADDR=:http"}, `ADDR: set it to host:port or :port, not ":http".`},
		{[]string{"ACCESS_TTL=10ms"}, `ACCESS_TTL: set it to 1s or more.`},
		{[]string{"GOOGLE_CLIENT_ID=i", "GOOGLE_CLIENT_SECRET=  "},
			`GOOGLE_CLIENT_SECRET: set GOOGLE_CLIENT_SECRET beside GOOGLE_CLIENT_ID, or none of them.`},
		{[]string{"DATABASE_URL=sqlite://"}, `DATABASE_URL: name a file or a server, such as sqlite://data/gatehouse.db.`},
		{[]string{"DATABASE_URL=mysql://db/gatehouse"}, `DATABASE_URL: start it with postgres:// or sqlite://.`},
		{[]string{"SESSION_IDLE=48h", "SESSION_MAX=24h"}, `SESSION_MAX: set it to SESSION_IDLE (48h0m0s) or more.`},
		{[]string{"SMTP_URL=smtp://mail.example.com:587"},
			`MAIL_FROM: set it beside SMTP_URL, such as "Example <accounts@example.com>".`},
		{[]string{"GOOGLE_CLIENT_ID=i"}, `GOOGLE_CLIENT_SECRET: set GOOGLE_CLIENT_SECRET beside GOOGLE_CLIENT_ID, or none of them.`},
		{[]string{"GOOGLE_CLIENT_SECRET=s"}, `GOOGLE_CLIENT_ID: set GOOGLE_CLIENT_ID beside GOOGLE_CLIENT_SECRET, or none of them.`},
		{[]string{"GITHUB_CLIENT_ID=i"}, `GITHUB_CLIENT_SECRET: set GITHUB_CLIENT_SECRET beside GITHUB_CLIENT_ID, or none of them.`},
		{[]string{"TWITTER_CLIENT_SECRET=s"}, `TWITTER_CLIENT_ID: set TWITTER_CLIENT_ID beside TWITTER_CLIENT_SECRET, or none of them.`},
		{[]string{"OIDC_ISSUER=https://issuer.example.com", "OIDC_CLIENT_ID=i"},
			`OIDC_CLIENT_SECRET: set OIDC_CLIENT_SECRET beside OIDC_CLIENT_ID and OIDC_ISSUER, or none of them.`},
		{[]string{"APPLE_CLIENT_ID=i", "APPLE_TEAM_ID=t", "APPLE_KEY_ID=k"},
			`APPLE_PRIVATE_KEY (or APPLE_PRIVATE_KEY_FILE): set APPLE_PRIVATE_KEY (or APPLE_PRIVATE_KEY_FILE) beside APPLE_CLIENT_ID and APPLE_KEY_ID and APPLE_TEAM_ID, or none of them.`},
		{[]string{"APPLE_PRIVATE_KEY_FILE=/dev/null"},
			`APPLE_CLIENT_ID: set APPLE_CLIENT_ID and APPLE_KEY_ID and APPLE_TEAM_ID beside APPLE_PRIVATE_KEY (or APPLE_PRIVATE_KEY_FILE), or none of them.`},
		{[]string{"KEEP_PROVIDER_TOKENS=google,facebook"},
			`KEEP_PROVIDER_TOKENS: name google, github, twitter, apple or oidc, not "facebook".`},

		{production("APP_URL=http://accounts.example.com"),
			`APP_URL: production is https://, so that nobody on the way reads a cookie; put a TLS proxy in front.`},
		{production("APP_URL="), `APP_URL: set it to the public address, such as https://accounts.example.com.`},
		{production("APP_URL=  "), `APP_URL: set it to the public address, such as https://accounts.example.com.`},
		{production("OIDC_ISSUER=http://issuer.example.com", "OIDC_CLIENT_ID=i", "OIDC_CLIENT_SECRET=s"),
			`OIDC_ISSUER: production is https://: the client's secret and the answers travel there.`},
		{production("APP_SECRETS="), "APP_SECRETS: set it to a secret of 32 bytes or more; `openssl rand -base64 48` makes one."},
		{production("SMTP_URL=", "MAIL_FROM="), `SMTP_URL: set it, such as smtp://user:password@smtp.example.com:587: people need their codes.`},
		{production("LIMITS=off"), `LIMITS: off is for load tests; remove it.`},
		{production("OAUTH_EMULATOR=http://127.0.0.1:4000"), `OAUTH_EMULATOR: it lets anyone be anyone; remove it.`},
	} {
		if _, err := load(c.settings...); err == nil || err.Error() != c.sentence {
			t.Errorf("%v:\n got %v\nwant %s", c.settings, err, c.sentence)
		}
	}
}

// A wrong start lists every line at once, and quotes no secret.
func TestEveryLineAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load("APP_ENV=production", "APP_URL=http://accounts.example.com", "APP_SECRETS=hunter2",
		"GOOGLE_CLIENT_SECRET=hunter3", "PASSWORD_MIN=1", "DATABASE_URL=hunter4")
	for _, name := range []string{"APP_URL", "APP_SECRETS", "GOOGLE_CLIENT_ID", "PASSWORD_MIN", "SMTP_URL",
		"DATABASE_URL"} {
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+name+": ") {
			t.Errorf("no line says %s: %v", name, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "hunter") {
		t.Errorf("a secret is quoted: %v", err)
	}
}

// Plain http is for this machine alone, in production too: that is where one tries it.
func TestProductionOnThisMachine(t *testing.T) {
	t.Parallel()
	for address, fine := range map[string]bool{"http://localhost:3000": true, "http://127.0.0.1": true,
		"http://[::1]:3000":            true,
		"http://127.0.0.1.example.com": false, "http://10.0.0.1": false, "https://accounts.example.com": true} {
		if _, err := load(production("APP_URL=" + address)...); (err == nil) != fine {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestLocalhost(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{":3000": "localhost:3000", "0.0.0.0:3000": "localhost:3000",
		"127.0.0.1:3000": "127.0.0.1:3000", "[::]:3000": "localhost:3000", "[::1]:3000": "[::1]:3000"} {
		if got := Localhost(addr); got != want {
			t.Errorf("Localhost(%q) = %q, want %q", addr, got, want)
		}
	}
}
