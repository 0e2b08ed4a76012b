package words

import (
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// families are the keys that the code puts together, by what they begin with: a code, a kind, a number.
func families(t *testing.T) map[string][]string {
	t.Helper()
	codes := append(named(t, "Code", "app/account"), named(t, "code", "handlers/web")...)
	var mails []string
	for _, kind := range mailKinds(t) {
		for _, part := range []string{".subject", ".lines", ".why"} {
			mails = append(mails, kind+part)
		}
	}
	return map[string][]string{
		"error.":   codes,
		"problem.": append(named(t, "code", "handlers/web"), "rate_limited", "busy"),
		"event.":   append(named(t, "Event", "models"), "other"),
		"mail.":    mails,
	}
}

// mailKinds are the mails there are.
func mailKinds(t *testing.T) []string {
	t.Helper()
	var kinds []string
	for _, s := range sources(t, "app/mail") {
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, isSpec := n.(*ast.ValueSpec)
			if !isSpec {
				return true
			}
			if kind, isIdent := spec.Type.(*ast.Ident); isIdent && kind.Name == "Kind" {
				text, _ := textOf(spec.Values[0])
				kinds = append(kinds, text)
			}
			return true
		})
	}
	return kinds
}

// mayLack are the keys of families that fall back on another: an event without a sentence of its own, and the mails
// that come because the account belongs to the address.
func mayLack(key string) bool {
	return strings.HasPrefix(key, "event.") || strings.HasPrefix(key, "mail.") && strings.HasSuffix(key, ".why")
}

// uses are the keys in the code that the code names, each as it stands there.
func uses(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	shape := regexp.MustCompile(`^([a-z_]+)\.[a-z0-9_.]*[a-z0-9_]$`)
	for _, s := range sources(t, where()...) {
		for _, l := range s.literals() {
			if m := shape.FindStringSubmatch(l.text); m != nil && sections()[m[1]] && !strings.HasSuffix(l.text, ".templ") {
				found[l.text] = true
			}
		}
	}
	for start, names := range families(t) {
		for _, name := range names {
			if key := start + name; has(key) || !mayLack(key) {
				found[key] = true
			}
		}
	}
	return found
}

func sections() map[string]bool {
	all := map[string]bool{}
	for key := range English().texts {
		section, _, _ := strings.Cut(key, ".")
		all[section] = true
	}
	return all
}

// has reports whether a key is a sentence or a list of them.
func has(key string) bool { return English().Has(key) || English().Has(key+".1") }

func TestEveryKeyIsThereAndIsUsed(t *testing.T) {
	t.Parallel()
	used := uses(t)
	if len(used) < 200 {
		t.Fatalf("only %d uses were found", len(used))
	}
	for key := range used {
		if !has(key) {
			t.Errorf("the code says %q, which is not in the catalogue", key)
		}
	}
	number := regexp.MustCompile(`\.[0-9]+$`)
	for key := range English().texts {
		if !used[key] && !used[number.ReplaceAllString(key, "")] {
			t.Errorf("nothing says %q", key)
		}
	}
}

func TestPluralsAreWhole(t *testing.T) {
	t.Parallel()
	for key, said := range English().texts {
		last := key[strings.LastIndex(key, ".")+1:]
		if _, category := categories()[last]; category && key != "event.other" && key != "provider_error.other" {
			t.Errorf("%q is a plural without the category other", key)
		}
		if said.forms != nil && len(said.forms) != 2 {
			t.Errorf("%q: English has one and other", key)
		}
		for _, form := range said.forms {
			if !slices.Equal(places(form), places(said.plain)) {
				t.Errorf("%q names other places in %q", key, form)
			}
		}
	}
}

// places are what a sentence leaves open, in order of the alphabet.
func places(said string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`\{(\w*)\}`).FindAllStringSubmatch(said, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// given are the arguments that sentences get, by key.
func given(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{"time.date": {"day", "month", "year"},
		"time.exact": {"clock", "day", "mon", "weekday", "year"}, "time.on": {"date"},
		"client.on": {"browser", "system"}}
	for _, s := range sources(t, where()...) {
		s.calls(func(name string, call *ast.CallExpr) {
			for i, arg := range call.Args {
				if key, isText := textOf(arg); isText && English().Has(key) {
					all[key] = append(all[key], argumentsOf(name, call.Args[i+1:])...)
				}
			}
		})
	}
	maps.Copy(all, refusals(t))
	for key := range English().texts {
		switch section, _, _ := strings.Cut(key, "."); section {
		case "mail": // Render hands over all that a mail has; each says what it is about (app/mail)
			all[key] = places(English().texts[key].plain)
		case "provider_error":
			if strings.Contains(English().texts[key].plain, "{provider}") {
				all[key] = []string{"provider"}
			}
		}
	}
	return all
}

// argumentsOf are the names that come after a key: in words.Args, or as the place that with leaves for a component.
func argumentsOf(function string, after []ast.Expr) []string {
	var names []string
	for _, arg := range after {
		if in, isMap := namesIn(arg); isMap {
			names = append(names, in...)
		}
	}
	if function == "counted" {
		names = append(names, "n")
	}
	if place, isText := textOf(slices.Concat(after, []ast.Expr{nil})[0]); isText && function == "with" {
		names = append(names, place)
	}
	return names
}

// refusals are the arguments of what an account refuses.
func refusals(t *testing.T) map[string][]string {
	t.Helper()
	all, values := map[string][]string{}, map[string]string{}
	files := sources(t, "app/account")
	for _, s := range files {
		maps.Copy(values, s.constants())
	}
	for _, s := range files {
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if code, args := fieldsOf(n); values[code] != "" {
					all["error."+values[code]] = args
				}
			case *ast.CallExpr:
				if code, isIdent := slices.Concat(n.Args, []ast.Expr{nil})[0].(*ast.Ident); isIdent && called(n) == "weak" {
					bound, _ := textOf(n.Args[1])
					all["error."+values[code.Name]] = []string{bound}
				}
			}
			return true
		})
	}
	return all
}

// fieldsOf are the code and the names of the arguments of an account.Error in the code.
func fieldsOf(made *ast.CompositeLit) (code string, args []string) {
	for _, element := range made.Elts {
		pair, isPair := element.(*ast.KeyValueExpr)
		if !isPair {
			continue
		}
		field, _ := pair.Key.(*ast.Ident)
		value, isIdent := pair.Value.(*ast.Ident)
		switch {
		case field == nil:
		case field.Name == "Code" && isIdent:
			code = value.Name
		case field.Name == "Args":
			args, _ = namesIn(pair.Value)
		}
	}
	return code, args
}

func TestEveryPlaceIsFilled(t *testing.T) {
	t.Parallel()
	filled := given(t)
	for key, said := range English().texts {
		args := slices.Clone(filled[key])
		slices.Sort(args)
		if want := places(said.plain); !slices.Equal(slices.Compact(args), want) {
			t.Errorf("%q leaves %q open and is given %q", key, want, args)
		}
	}
}
