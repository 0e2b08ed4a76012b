package tests

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ladder is what each package may import besides the standard library. Nothing calls upward, and
// each library has one home.
var ladder = map[string][]string{
	"static":       {},
	"app/loopback": {},
	"app/config":   {"gatehouse/app/loopback"},
	"app/links":    {},
	"app/words": {"github.com/BurntSushi/toml", "golang.org/x/text/feature/plural",
		"golang.org/x/text/language"},
	"app/mail":    {"gatehouse/app/loopback", "gatehouse/app/words", "github.com/wneessen/go-mail"},
	"app/token":   {"github.com/golang-jwt/jwt/v5", "github.com/google/uuid", "golang.org/x/crypto/chacha20poly1305"},
	"app/limit":   {"github.com/go-redis/redis_rate/v10", "github.com/redis/go-redis/v9"},
	"static/pack": {"github.com/andybalholm/brotli", "github.com/klauspost/compress/gzip"},
	"models": {"github.com/google/uuid", "github.com/jmoiron/sqlx", "github.com/lib/pq", "github.com/pressly/goose/v3",
		"github.com/pressly/goose/v3/lock", "modernc.org/sqlite", "modernc.org/sqlite/lib"},
	"app/oauth": {"gatehouse/models", "github.com/coreos/go-oidc/v3/oidc", "github.com/markbates/goth",
		"github.com/markbates/goth/providers/apple", "github.com/markbates/goth/providers/github",
		"github.com/markbates/goth/providers/google", "golang.org/x/oauth2"},
	"app/oauth/emulator":      {},
	"app/oauth/emulator/demo": {"gatehouse/app/oauth/emulator"},
	"app/session": {"gatehouse/app/token", "gatehouse/models", "github.com/gofiber/storage/redis/v3",
		"github.com/redis/go-redis/v9", "github.com/redis/go-redis/v9/maintnotifications"},
	"app/account": {"gatehouse/app/limit", "gatehouse/app/mail", "gatehouse/app/session", "gatehouse/app/token",
		"gatehouse/models", "github.com/alexedwards/argon2id",
		"golang.org/x/crypto/argon2", "golang.org/x/crypto/bcrypt",
		"golang.org/x/net/idna", "golang.org/x/text/cases", "golang.org/x/text/unicode/norm"},
	"app/metrics": {"gatehouse/app/session", "github.com/prometheus/client_golang/prometheus",
		"github.com/prometheus/client_golang/prometheus/collectors",
		"github.com/prometheus/client_golang/prometheus/promhttp"},
	"app/trace": {"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/codes",
		"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp", "go.opentelemetry.io/otel/propagation",
		"go.opentelemetry.io/otel/sdk/resource", "go.opentelemetry.io/otel/sdk/trace", "go.opentelemetry.io/otel/trace"},
	"views": {"gatehouse/app/links", "gatehouse/app/words", "gatehouse/models", "github.com/a-h/templ",
		"github.com/a-h/templ/runtime"},
	"handlers/web": {"gatehouse/app/account", "gatehouse/app/limit", "gatehouse/app/links", "gatehouse/app/loopback",
		"gatehouse/app/session", "gatehouse/app/token",
		"gatehouse/app/words", "gatehouse/models", "gatehouse/static", "gatehouse/views", "github.com/a-h/templ",
		"github.com/gofiber/fiber/v2",
		"github.com/mileusna/useragent", "github.com/valyala/fasthttp"},
	"handlers/pages": {"gatehouse/app/account", "gatehouse/app/limit", "gatehouse/app/mail", "gatehouse/app/oauth",
		"gatehouse/app/session", "gatehouse/app/token", "gatehouse/app/words", "gatehouse/handlers/web",
		"gatehouse/models", "gatehouse/views",
		"github.com/a-h/templ", "github.com/gofiber/fiber/v2", "golang.org/x/image/draw"},
	"handlers/door": {"gatehouse/app/session", "gatehouse/handlers/web", "github.com/gofiber/fiber/v2"},
	"handlers": {"gatehouse/handlers/door", "gatehouse/handlers/pages", "gatehouse/handlers/web",
		"github.com/gofiber/fiber/v2", "github.com/gofiber/fiber/v2/middleware/adaptor"},
	"app/server": {"*"},
	"app":        {"*"},
	"app/bench":  {"*"},
	"app/tests/testkit": {"gatehouse/app/config", "gatehouse/app/oauth/emulator", "gatehouse/app/server",
		"gatehouse/app/tests/testkit/servers", "gatehouse/models", "github.com/google/uuid"},
	"app/tests/testkit/servers": {"github.com/lib/pq"},
}

// root is the module's, seen from here.
const root = "../.."

func TestLadder(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	err := fs.WalkDir(os.DirFS(root), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || file == "tmp" ||
			len(entry.Name()) > 1 && entry.Name()[0] == '.') {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		seen[path.Dir(file)] = true
		climbs(t, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for rung := range ladder {
		if !seen[rung] && rung != "app/bench" {
			t.Errorf("the ladder names %s, which is not there", rung)
		}
	}
}

// climbs fails the test for each import of a file that its package's rung does not name.
func climbs(t *testing.T, file string) {
	t.Helper()
	allowed, known := ladder[path.Dir(file)]
	if !known {
		t.Errorf("%s: its package has no rung on the ladder", file)
		return
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path.Join(root, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(name, "/")
		standard := !strings.Contains(first, ".") && first != "gatehouse"
		if strings.HasPrefix(name, "gatehouse/app/tests/") && !strings.HasPrefix(file, "app/tests/") {
			t.Errorf("%s imports %s, which is for tests alone", file, name)
		}
		if !standard && !slices.Contains(allowed, name) && !slices.Contains(allowed, "*") {
			t.Errorf("%s imports %s, which its rung does not name", file, name)
		}
	}
}
