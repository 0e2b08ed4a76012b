package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// where sentences could be: what decides, what answers and what draws.
func where() []string {
	return []string{"app/account", "app/limit", "app/mail", "app/words", "handlers", "handlers/web", "handlers/pages",
		"handlers/door", "views"}
}

// source is one file, taken apart.
type source struct {
	path string
	file *ast.File
}

// sources are the files of the packages in folders, their tests apart.
func sources(t *testing.T, folders ...string) []source {
	t.Helper()
	var all []source
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no files, %v", folder, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, source{strings.TrimPrefix(filepath.ToSlash(path), "../../"), file})
		}
	}
	return all
}

// literal is a text in the code; within is the name of the function that it is handed to, if any.
type literal struct{ text, within string }

// literals are the texts in a file, but for imports, tags and the markup of templ, which are looked at elsewhere.
func (s source) literals() []literal {
	var all []literal
	within := map[ast.Node]string{}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.CallExpr:
			for _, arg := range n.Args {
				within[arg] = called(n)
			}
		case *ast.BinaryExpr: // a text in two lines
			within[n.X], within[n.Y] = within[n], within[n]
		case *ast.BasicLit:
			if text, isText := textOf(n); isText && within[n] != "WriteString" {
				all = append(all, literal{text, within[n]})
			}
		}
		return true
	})
	return all
}

// markup is the HTML that a templ file writes, with nothing where its expressions stand.
func (s source) markup() string {
	var html strings.Builder
	s.calls(func(name string, call *ast.CallExpr) {
		if name == "WriteString" && strings.HasSuffix(s.path, "_templ.go") {
			text, _ := textOf(call.Args[len(call.Args)-1])
			html.WriteString(text)
		}
	})
	return html.String()
}

// calls visits each call in a file, with the name of the function without its package or receiver.
func (s source) calls(visit func(name string, call *ast.CallExpr)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if call, isCall := n.(*ast.CallExpr); isCall {
			visit(called(call), call)
		}
		return true
	})
}

// constants are the texts of a file's constants, by name.
func (s source) constants() map[string]string {
	all := map[string]string{}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if spec, isSpec := n.(*ast.ValueSpec); isSpec {
			for i, value := range spec.Values {
				if text, isText := textOf(value); isText {
					all[spec.Names[i].Name] = text
				}
			}
		}
		return true
	})
	return all
}

// named are the values of the constants of some packages whose names begin in one way.
func named(t *testing.T, prefix string, folders ...string) []string {
	t.Helper()
	var values []string
	for _, s := range sources(t, folders...) {
		for name, value := range s.constants() {
			if strings.HasPrefix(name, prefix) {
				values = append(values, value)
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func called(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}

func textOf(n ast.Expr) (string, bool) {
	lit, isLit := n.(*ast.BasicLit)
	if !isLit || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// namesIn are the keys of a map in the code: words.Args{"n": 3}.
func namesIn(n ast.Expr) ([]string, bool) {
	made, isMade := n.(*ast.CompositeLit)
	if !isMade {
		return nil, false
	}
	var names []string
	for _, element := range made.Elts {
		pair, isPair := element.(*ast.KeyValueExpr)
		if !isPair {
			return nil, false
		}
		if name, isText := textOf(pair.Key); isText {
			names = append(names, name)
		}
	}
	return names, true
}

func contentOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
