package authkit_test

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// httpUses are the unexported fields and methods of the Engine that the HTTP half may use. A
// flow's decision is not among them: what HTTP may do, a Go caller may do.
var httpUses = []string{
	"cfg", "http", "now", // what it is configured with
	"limits",           // by peer address, which HTTP alone counts
	"hooks",            // warnings that no step carries, and counts of refusals
	"live", "sessions", // access checks ask who has a token or a cookie
	"sessionByCookie",    // likewise
	"deletedBefore",      // an access check, of an app that is not alive any more
	"endByCookie",        // a cookie takes the place of another
	"tokens", "findUndo", // pages show what a link would do, without effect
	"store",     // confirms the app that a request began with
	"maySignIn", // and HEAD, and the page before a provider's
}

func TestTheHTTPHalfUsesTheEnginesExportedMethods(t *testing.T) {
	t.Parallel()
	found, used := map[string][]string{}, unexportedUses(t)
	for name, file := range used {
		if !slices.Contains(httpUses, name) {
			found[name] = file
		}
	}
	for _, name := range httpUses {
		if used[name] == nil {
			t.Errorf("Engine.%s is on the list, and no file of the HTTP half uses it: take it off", name)
		}
	}
	for name, files := range found {
		t.Errorf("Engine.%s is used by %s: give the flow an exported method, or take what it needs from the call", name, strings.Join(files, ", "))
	}
}

// unexportedUses says which files of the HTTP half use an unexported member of Engine.
func unexportedUses(t *testing.T) map[string][]string {
	t.Helper()
	fset := token.NewFileSet()
	files := rootFiles(t, fset)
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", exports(t))}
	if _, err := conf.Check("github.com/authkit-dev/authkit", fset, files, info); err != nil {
		t.Fatal(err)
	}
	uses := map[string][]string{}
	for expr, selected := range info.Selections {
		file := filepath.Base(fset.Position(expr.Pos()).Filename)
		if !strings.HasPrefix(file, "http_") && file != "handler.go" {
			continue
		}
		if strings.TrimPrefix(selected.Recv().String(), "*") != "github.com/authkit-dev/authkit.Engine" || selected.Obj().Exported() {
			continue
		}
		if name := selected.Obj().Name(); !slices.Contains(uses[name], file) {
			uses[name] = append(uses[name], file)
		}
	}
	return uses
}

func rootFiles(t *testing.T, fset *token.FileSet) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// exports finds what the build cache holds of the packages that the root imports.
func exports(t *testing.T) importer.Lookup {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	at := map[string]string{}
	for line := range bytes.Lines(out) {
		if name, file, ok := strings.Cut(strings.TrimSpace(string(line)), " "); ok {
			at[name] = file
		}
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(at[path]) }
}
