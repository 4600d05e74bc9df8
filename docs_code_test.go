package authkit_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGoBlocksOfDocs compiles every Go block of the pages. A block is a whole program,
// declarations or statements. What it does not declare itself is a package or one of known. A block
// that begins with the name of a file of the module, as in "// examples/minimal/main.go", has to be
// a piece of that file instead, which a test of its own builds.
func TestGoBlocksOfDocs(t *testing.T) {
	t.Parallel()
	compiler := newSnippets(t)
	for _, page := range append(pagesOfDocs(t), "README.md", "CONTRIBUTING.md", "SECURITY.md") {
		for i, code := range regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(read(t, page), -1) {
			t.Run(fmt.Sprintf("%s block %d", page, i+1), func(t *testing.T) {
				file, piece, _ := strings.Cut(code[1], "\n")
				if file, ok := strings.CutPrefix(file, "// examples/"); ok {
					if whole := read(t, "examples/"+file); !strings.Contains(flat(whole), flat(piece)) {
						t.Errorf("got a block that is no piece of examples/%s:\n%s", file, piece)
					}
					return
				}
				if err := compiler.check(code[1]); err != nil {
					t.Errorf("got %v, in\n%s", err, code[1])
				}
			})
		}
	}
}

// flat removes what indents lines, and directives for linters.
func flat(code string) string {
	code = regexp.MustCompile(` //nolint:.*`).ReplaceAllString(code, "")
	return regexp.MustCompile(`\n\s*`).ReplaceAllString("\n"+code, "\n")
}

// known are the names that a block may use without declaring them, with their types.
func known() map[string]string {
	return map[string]string{
		"ctx": "context.Context", "engine": "*authkit.Engine", "app": "authkit.App", "store": "authkit.Store",
		"mux": "*http.ServeMux", "w": "http.ResponseWriter", "r": "*http.Request", "me": "http.Handler", "err": "error",
		"secret": "[]byte", "mailer": "mail.Mailer", "user": "uuid.UUID",
		"hello": "http.HandlerFunc",
	}
}

// snippets compiles pieces of code. It is not safe for concurrent use.
type snippets struct {
	packages map[string]string // the import path of each package name
	exports  map[string]string // the file that holds the types of each import path
	imports  types.Importer
}

func newSnippets(t *testing.T) *snippets {
	t.Helper()
	s := &snippets{packages: map[string]string{}, exports: map[string]string{}}
	standard := []string{
		"context", "encoding/base64", "encoding/json", "errors", "fmt", "io", "log", "log/slog", "net/http", "net/http/httptest",
		"net/netip", "os", "strings", "testing", "time",
	}
	others := []string{"github.com/google/uuid", "github.com/jackc/pgx/v5", "github.com/jackc/pgx/v5/pgxpool"}
	own := strings.Fields(goTool(t, "list", "-f", `{{if and (ne .Name "main") .GoFiles}}{{.ImportPath}}{{end}}`, "./..."))
	own = slices.DeleteFunc(own, func(p string) bool { return strings.Contains(p, "/internal/") || strings.Contains(p, "/examples/") })
	args := slices.Concat([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Name}} {{.DepOnly}} {{.Export}}"}, standard, others, own)
	for line := range strings.Lines(goTool(t, args...)) {
		var name, file string
		p, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, _ := fmt.Sscan(rest, &name, new(bool), &file); n == 3 {
			s.exports[p] = file
		}
		if strings.Contains(rest, " false ") {
			s.packages[name] = p
		}
	}
	s.imports = importer.ForCompiler(token.NewFileSet(), "gc", func(p string) (io.ReadCloser, error) {
		if s.exports[p] == "" {
			return nil, fmt.Errorf("the package %q is not one that the pages may import", p)
		}
		return os.Open(s.exports[p])
	})
	return s
}

// check type-checks code. Variables and imports may be unused.
func (s *snippets) check(code string) error {
	if !strings.HasPrefix(code, "package ") {
		var err error
		if code, err = s.complete(code); err != nil {
			return err
		}
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "block.go", code, 0)
	if err != nil {
		return err
	}
	var bad error
	conf := types.Config{Importer: s.imports, Error: func(err error) {
		if e, ok := err.(types.Error); bad == nil && (!ok || !e.Soft) { //nolint:errorlint // as the field documents it
			bad = err
		}
	}}
	_, _ = conf.Check("block", fset, []*ast.File{f}, nil) // Error gets the errors
	return bad
}

// complete makes a file of declarations or statements: it adds the imports and the known names
// that they use.
func (s *snippets) complete(code string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package block\n"+code, 0)
	if err != nil {
		code = "func _() error {\n" + code + "\nreturn nil\n}"
		if f, err = parser.ParseFile(token.NewFileSet(), "", "package block\n"+code, 0); err != nil {
			return "", err
		}
	}
	imports, variables := map[string]bool{}, map[string]bool{}
	need := func(name string) {
		if p, ok := s.packages[name]; ok {
			imports[p] = true
		}
	}
	for _, x := range f.Unresolved {
		need(x.Name)
		if kind, ok := known()[x.Name]; ok {
			variables[x.Name+" "+kind] = true
			name, _, _ := strings.Cut(strings.TrimLeft(kind, "*"), ".")
			need(name)
		}
	}
	var out strings.Builder
	out.WriteString("package block\n")
	for _, p := range slices.Sorted(maps.Keys(imports)) {
		fmt.Fprintf(&out, "import %q\n", p)
	}
	for _, v := range slices.Sorted(maps.Keys(variables)) {
		fmt.Fprintf(&out, "var %s\n", v)
	}
	return out.String() + code, nil
}

func TestTheCompilerOfBlocks(t *testing.T) {
	t.Parallel()
	s := newSnippets(t)
	for code, want := range map[string]string{
		"mux.Handle(\"/id/\", engine.Handler())\n":                 "",
		"x, err := engine.User(ctx, authkit.UserRef{App: app.ID})": "",
		"func f() error { return errors.New(\"x\") }":              "",
		"package main\nimport \"net/http\"\nfunc main() {}\n":      "",
		"engine.Handel()":                          "Handel",
		"authkit.New(authkit.Config{Base: \"x\"})": "unknown field Base",
		"engine.Run(":                              "expected operand",
		"somewhere.Else()":                         "undefined: somewhere",
		"package main\nimport \"example.com/x\"\nvar _ = x.Y": "not one that the pages may import",
		"return engine.Run": "cannot use engine.Run",
	} {
		if err := s.check(code); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", code, err, want)
		}
	}
}
