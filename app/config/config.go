// Package config reads Gatehouse's settings from the environment and validates them. Each error names the line to mend.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is every setting of one process.
type Config struct {
	Production bool
	URL        *url.URL // APP_URL: the public address; cookies and callback addresses follow from it
	Addr       string
	Secrets    []string // the first signs; empty in development: one is made and kept

	DatabaseURL     string
	DatabasePrepare bool   // what is asked often is prepared, on Postgres
	RedisURL        string // "" keeps sessions in the database

	AccessTTL    time.Duration
	SessionIdle  time.Duration
	SessionMax   time.Duration
	RefreshGrace time.Duration
	PasswordMin  int
	EventsKeep   time.Duration

	AccessClaims  []string // what an access token says of a person: name, email, email_verified, picture
	TokenAudience string   // stands beside the public address in aud; "" for none

	TrustedProxies []netip.Prefix
	Limits         bool
	HSTSSubdomains bool // browsers are to ask every host below ours for https, too

	SMTPURL  string // "" keeps mails and shows them at /dev/mail
	MailFrom string

	Google, GitHub, Twitter Client
	Apple                   Apple
	OIDC                    OIDC
	KeepProviderTokens      []string
	OAuthEmulator           string

	MetricsToken string
	Traces       bool // an OTEL_EXPORTER_OTLP_ variable is set; OpenTelemetry reads them itself
}

// Client is a registration with a provider.
type Client struct{ ID, Secret string }

// Apple is a registration with Apple: the secret is minted from the key.
type Apple struct{ ClientID, TeamID, KeyID, PrivateKey string }

// OIDC is a registration with any OpenID Connect issuer.
type OIDC struct {
	Client
	Issuer, Name string
}

// reader reads settings and gathers what is wrong with them.
type reader struct {
	getenv func(string) string
	errs   []error
}

// Load reads the settings. The error lists every line to mend.
func Load(env func(string) string) (Config, error) {
	getenv := func(name string) string { return strings.TrimSpace(env(name)) } // a blank is no setting
	r := &reader{getenv: getenv}
	c := Config{
		Production: r.choice("APP_ENV", "development", "production") == "production",
		Secrets:    list(r.secret("APP_SECRETS")),

		DatabaseURL:     cmp.Or(r.secret("DATABASE_URL"), "sqlite://data/gatehouse.db"),
		DatabasePrepare: r.choice("DATABASE_PREPARE", "on", "off") == "on",
		RedisURL:        r.secret("REDIS_URL"),

		AccessTTL:    r.duration("ACCESS_TTL", 10*time.Minute),
		SessionIdle:  r.duration("SESSION_IDLE", 168*time.Hour),
		SessionMax:   r.duration("SESSION_MAX", 720*time.Hour),
		RefreshGrace: r.duration("REFRESH_GRACE", 30*time.Second),
		PasswordMin:  r.number("PASSWORD_MIN", 12, 8, 64),
		EventsKeep:   r.duration("EVENTS_KEEP", 2160*time.Hour),

		AccessClaims:  r.claims("ACCESS_CLAIMS", "name,email"),
		TokenAudience: getenv("TOKEN_AUDIENCE"),

		TrustedProxies: r.prefixes("TRUSTED_PROXIES"),
		Limits:         r.choice("LIMITS", "on", "off") == "on",
		HSTSSubdomains: r.choice("HSTS_SUBDOMAINS", "off", "on") == "on",

		SMTPURL:  r.secret("SMTP_URL"),
		MailFrom: getenv("MAIL_FROM"),

		Google:  Client{getenv("GOOGLE_CLIENT_ID"), r.secret("GOOGLE_CLIENT_SECRET")},
		GitHub:  Client{getenv("GITHUB_CLIENT_ID"), r.secret("GITHUB_CLIENT_SECRET")},
		Twitter: Client{getenv("TWITTER_CLIENT_ID"), r.secret("TWITTER_CLIENT_SECRET")},
		Apple: Apple{getenv("APPLE_CLIENT_ID"), getenv("APPLE_TEAM_ID"), getenv("APPLE_KEY_ID"),
			strings.ReplaceAll(r.secret("APPLE_PRIVATE_KEY"), `\n`, "\n")},
		OIDC: OIDC{Client{getenv("OIDC_CLIENT_ID"), r.secret("OIDC_CLIENT_SECRET")},
			getenv("OIDC_ISSUER"), getenv("OIDC_NAME")},
		KeepProviderTokens: list(getenv("KEEP_PROVIDER_TOKENS")),
		OAuthEmulator:      getenv("OAUTH_EMULATOR"),

		MetricsToken: r.secret("METRICS_TOKEN"),
		Traces:       getenv("OTEL_EXPORTER_OTLP_ENDPOINT")+getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "",
	}
	c.Addr = r.listen("ADDR", map[bool]string{true: ":3000", false: "localhost:3000"}[c.Production])
	c.URL = r.address("APP_URL", "http://"+Localhost(c.Addr))
	r.validate(c)
	return c, errors.Join(r.errs...)
}

// Localhost is the address a browser on this machine would open for a listening address.
func Localhost(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip, _ := netip.ParseAddr(host); err == nil && (host == "" || ip.IsUnspecified()) {
		return "localhost:" + port
	}
	return addr
}

// listen reads host:port, or :port.
func (r *reader) listen(name, fallback string) string {
	value := r.text(name, fallback)
	_, port, err := net.SplitHostPort(value)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		r.errorf(name, "set it to host:port or :port, not %q.", value)
		return fallback
	}
	return value
}

func (r *reader) errorf(name, sentence string, args ...any) {
	r.errs = append(r.errs, errors.New(name+": "+fmt.Sprintf(sentence, args...)))
}

func (r *reader) text(name, fallback string) string {
	if value := r.getenv(name); value != "" {
		return value
	}
	return fallback
}

// secret is a setting that nobody should have to keep in the environment: NAME_FILE names a file that holds it,
// and goes before NAME.
func (r *reader) secret(name string) string {
	path := r.getenv(name + "_FILE")
	if path == "" {
		return r.getenv(name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		r.errorf(name+"_FILE", "%v.", err)
		return ""
	}
	return strings.TrimSpace(string(text))
}

// given is not empty where a secret is there, readable or not.
func (r *reader) given(name string) string { return r.getenv(name) + r.getenv(name+"_FILE") }

// choice is one of the allowed words; the first is the default.
func (r *reader) choice(name string, allowed ...string) string {
	value := r.text(name, allowed[0])
	for _, word := range allowed {
		if value == word {
			return value
		}
	}
	r.errorf(name, "set it to %s, not %q.", strings.Join(allowed, " or "), value)
	return allowed[0]
}

// claims is a list of what an access token may say of a person, or "none".
func (r *reader) claims(name, fallback string) []string {
	named := list(r.text(name, fallback))
	if slices.Equal(named, []string{"none"}) {
		return nil
	}
	for _, claim := range named {
		if !slices.Contains([]string{"name", "email", "email_verified", "picture"}, claim) {
			r.errorf(name, "list name, email, email_verified and picture, or set it to none, not %q.", claim)
		}
	}
	return named
}

func (r *reader) duration(name string, fallback time.Duration) time.Duration {
	value := r.text(name, fallback.String())
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		r.errorf(name, "set it to a time such as 10m or 168h, not %q.", value)
		return fallback
	}
	return d
}

func (r *reader) number(name string, fallback, least, most int) int {
	value := r.text(name, strconv.Itoa(fallback))
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		r.errorf(name, "set it to a number from %d to %d, not %q.", least, most, value)
		return fallback
	}
	return n
}

func (r *reader) address(name, fallback string) *url.URL {
	value := r.text(name, fallback)
	at, err := url.Parse(value)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Hostname() == "" ||
		strings.Trim(at.Path, "/") != "" || at.User != nil || at.RawQuery != "" || at.Fragment != "" {
		r.errorf(name, "set it to the public address and nothing more, such as https://accounts.example.com, not %q.", value)
		return &url.URL{Scheme: "http", Host: "localhost:3000"}
	}
	return &url.URL{Scheme: at.Scheme, Host: strings.ToLower(at.Host)}
}

func (r *reader) prefixes(name string) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, value := range list(r.getenv(name)) {
		prefix, err := netip.ParsePrefix(value)
		if one, errOne := netip.ParseAddr(value); err != nil && errOne == nil {
			prefix, err = one.Prefix(one.BitLen())
		}
		if err != nil {
			r.errorf(name, "list addresses or networks such as 10.0.0.0/8, not %q.", value)
			continue
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes
}

// list is the parts of a comma list, without blanks.
func list(value string) []string {
	var parts []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
