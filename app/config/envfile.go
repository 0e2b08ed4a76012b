package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// foreign are names that others read from the same .env: compose.yaml and compose itself.
var foreign = []string{"DOMAIN", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "COMPOSE_*"}

// CheckEnvFile judges the names in a .env file: one that nothing reads is a slip of the pen, which would leave
// a default in force without a word. text is the file as it stands and names what its reader found there. The
// error names each line by its number, and quotes no value.
func CheckEnvFile(text string, names []string) error {
	known := Names()
	var wrong []error
	for _, name := range slices.Sorted(slices.Values(names)) {
		if slices.Contains(known, name) || isForeign(name) {
			continue
		}
		wrong = append(wrong, errors.New(".env, line "+lineOf(text, name)+": "+judge(name, known)))
	}
	return errors.Join(wrong...)
}

// Names are all settings there are.
func Names() []string {
	asked := map[string]bool{}
	_, _ = Load(func(name string) string {
		asked[name] = true
		return ""
	})
	return slices.Sorted(maps.Keys(asked))
}

func isForeign(name string) bool {
	return slices.ContainsFunc(foreign, func(pattern string) bool {
		prefix, any := strings.CutSuffix(pattern, "*")
		return name == pattern || any && strings.HasPrefix(name, prefix)
	})
}

var (
	settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	settingLine = regexp.MustCompile(`^\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*[=:]`)
)

func judge(name string, known []string) string {
	switch near := nearest(name, known); {
	case !settingName.MatchString(name):
		return "this is not NAME=value."
	case strings.HasPrefix(name, "OTEL_"):
		return name + " is read from the environment itself, not from here."
	case near != "":
		return name + " is no setting; did you mean " + near + "?"
	}
	return name + " is no setting; .env.example lists them all."
}

// lineOf is the number of the last line that begins with a name: the one that counts.
func lineOf(text, name string) string {
	found, n := "?", 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "export "))
		if rest, is := strings.CutPrefix(line, name); is && (rest == "" || strings.ContainsAny(rest[:1], "=: \t")) {
			found = fmt.Sprint(n)
		}
	}
	return found
}

// BadLine is the number of the first line that is neither blank, nor a comment, nor NAME=value; 0 without one.
func BadLine(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && !settingLine.MatchString(line) {
			return n
		}
	}
	return 0
}

// nearest is the known name that a slip or two of the pen away is this one; "" when none is.
func nearest(name string, known []string) (near string) {
	least := 3 // a third slip makes another word
	for _, candidate := range known {
		if d := distance(strings.ToUpper(name), candidate); d < least {
			near, least = candidate, d
		}
	}
	return near
}

// distance counts letters added, left out, changed or swapped with their neighbour (Damerau and Levenshtein).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
		for j := range b {
			switch {
			case i == 0:
				rows[0][j+1] = j + 1
				continue
			case a[i-1] == b[j]:
				rows[i][j+1] = rows[i-1][j]
			default:
				rows[i][j+1] = 1 + min(rows[i-1][j], rows[i-1][j+1], rows[i][j])
			}
			if i > 1 && j > 0 && a[i-1] == b[j-1] && a[i-2] == b[j] {
				rows[i][j+1] = min(rows[i][j+1], rows[i-2][j-1]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
