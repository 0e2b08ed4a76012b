package config

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/app/loopback"
)

// validate gathers what no setting can tell alone: settings that are missing beside others, and what production does
// not start with.
func (r *reader) validate(c Config) {
	for _, secret := range c.Secrets {
		if len(secret) < 32 {
			r.errorf("APP_SECRETS", "each secret has 32 bytes or more; `openssl rand -base64 48` makes one.")
			break
		}
	}
	scheme, path, _ := strings.Cut(c.DatabaseURL, "://")
	switch {
	case !slices.Contains([]string{"sqlite", "postgres", "postgresql"}, scheme):
		r.errorf("DATABASE_URL", "start it with postgres:// or sqlite://.")
	case path == "": // SQLite would keep everything in a file without a name, until this process ends
		r.errorf("DATABASE_URL", "name a file or a server, such as sqlite://data/gatehouse.db.")
	}
	if c.AccessTTL < time.Second {
		r.errorf("ACCESS_TTL", "set it to 1s or more.")
	}
	if c.SessionMax < c.SessionIdle {
		r.errorf("SESSION_MAX", "set it to SESSION_IDLE (%s) or more.", c.SessionIdle)
	}
	if c.AccessTTL > c.SessionIdle {
		r.errorf("ACCESS_TTL", "set it to SESSION_IDLE (%s) or less: an access token must not outlive its session.",
			c.SessionIdle)
	}
	odd := func(r rune) bool { return r <= ' ' || r == ',' || r > '~' }
	if len(c.TokenAudience) > 200 || strings.ContainsFunc(c.TokenAudience, odd) {
		r.errorf("TOKEN_AUDIENCE",
			"set it to one name without blanks, such as https://api.example.com, of 200 bytes or less.")
	}
	if c.SMTPURL != "" && c.MailFrom == "" {
		r.errorf("MAIL_FROM", "set it beside SMTP_URL, such as \"Example <accounts@example.com>\".")
	}
	r.validateProviders(c)
	if c.Production {
		r.validateProduction(c)
	} else if !loopback.Host(c.URL.Hostname()) {
		r.errorf("APP_URL", "development answers this machine alone, and shows everyone's codes at /dev/mail; set APP_ENV=production for %s.", c.URL)
	}
}

// validateProviders wants a provider whole or not at all.
func (r *reader) validateProviders(c Config) {
	r.allOrNone(map[string]string{"GOOGLE_CLIENT_ID": c.Google.ID,
		"GOOGLE_CLIENT_SECRET": r.given("GOOGLE_CLIENT_SECRET")})
	r.allOrNone(map[string]string{"GITHUB_CLIENT_ID": c.GitHub.ID,
		"GITHUB_CLIENT_SECRET": r.given("GITHUB_CLIENT_SECRET")})
	r.allOrNone(map[string]string{"TWITTER_CLIENT_ID": c.Twitter.ID,
		"TWITTER_CLIENT_SECRET": r.given("TWITTER_CLIENT_SECRET")})
	r.allOrNone(map[string]string{"OIDC_ISSUER": c.OIDC.Issuer, "OIDC_CLIENT_ID": c.OIDC.ID,
		"OIDC_CLIENT_SECRET": r.given("OIDC_CLIENT_SECRET")})
	r.allOrNone(map[string]string{"APPLE_CLIENT_ID": c.Apple.ClientID, "APPLE_TEAM_ID": c.Apple.TeamID,
		"APPLE_KEY_ID": c.Apple.KeyID,
		"APPLE_PRIVATE_KEY (or APPLE_PRIVATE_KEY_FILE)": r.given("APPLE_PRIVATE_KEY")})
	for _, name := range c.KeepProviderTokens {
		if !slices.Contains([]string{"google", "github", "twitter", "apple", "oidc"}, name) {
			r.errorf("KEEP_PROVIDER_TOKENS", "name google, github, twitter, apple or oidc, not %q.", name)
		}
	}
}

func (r *reader) allOrNone(settings map[string]string) {
	var missing, present []string
	for name, value := range settings {
		if value == "" {
			missing = append(missing, name)
		} else {
			present = append(present, name)
		}
	}
	slices.Sort(missing)
	slices.Sort(present)
	if len(present) > 0 && len(missing) > 0 {
		r.errorf(missing[0], "set %s beside %s, or none of them.", strings.Join(missing, " and "),
			strings.Join(present, " and "))
	}
}

func (r *reader) validateProduction(c Config) {
	if r.getenv("APP_URL") == "" {
		r.errorf("APP_URL", "set it to the public address, such as https://accounts.example.com.")
	} else if c.URL.Scheme != "https" && !loopback.Host(c.URL.Hostname()) {
		r.errorf("APP_URL", "production is https://, so that nobody on the way reads a cookie; put a TLS proxy in front.")
	}
	if issuer, err := url.Parse(c.OIDC.Issuer); c.OIDC.Issuer != "" &&
		(err != nil || issuer.Scheme != "https" && !loopback.Host(issuer.Hostname())) {
		r.errorf("OIDC_ISSUER", "production is https://: the client's secret and the answers travel there.")
	}
	if r.given("APP_SECRETS") == "" {
		r.errorf("APP_SECRETS", "set it to a secret of 32 bytes or more; `openssl rand -base64 48` makes one.")
	}
	if r.given("SMTP_URL") == "" {
		r.errorf("SMTP_URL", "set it, such as smtp://user:password@smtp.example.com:587: people need their codes.")
	}
	if !c.Limits {
		r.errorf("LIMITS", "off is for load tests; remove it.")
	}
	if c.OAuthEmulator != "" {
		r.errorf("OAUTH_EMULATOR", "it lets anyone be anyone; remove it.")
	}
}
