package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// listed is the answer of `go list -json` for a package.
type listed struct {
	ImportPath string   `json:"ImportPath"`
	Dir        string   `json:"Dir"`
	Export     string   `json:"Export"`
	GoFiles    []string `json:"GoFiles"`
	Standard   bool     `json:"Standard"`
	DepOnly    bool     `json:"DepOnly"`
}

// pkg is a package of the module, type-checked without its tests.
type pkg struct {
	path  string
	files []*ast.File
	info  *types.Info
	types *types.Package
}

// tree is the module: its packages and the positions in its files.
type tree struct {
	fset     *token.FileSet
	packages []pkg
}

// load type-checks the packages of the module. Their imports come from the build cache, so that
// no package is checked twice.
func load() (tree, error) {
	all, err := list()
	if err != nil {
		return tree{}, err
	}
	exports := map[string]string{}
	for _, p := range all {
		exports[p.ImportPath] = p.Export
	}
	t := tree{fset: token.NewFileSet()}
	imports := importer.ForCompiler(t.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	for _, p := range all {
		if p.Standard || p.DepOnly || len(p.GoFiles) == 0 {
			continue
		}
		checked, err := t.check(p, imports)
		if err != nil {
			return tree{}, err
		}
		t.packages = append(t.packages, checked)
	}
	return t, nil
}

func list() ([]listed, error) {
	cmd := exec.CommandContext(context.Background(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Standard,DepOnly", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("read the answer of go list: %w", err)
		}
		all = append(all, p)
	}
}

func (t *tree) check(p listed, imports types.Importer) (pkg, error) {
	out := pkg{path: p.ImportPath, info: &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}}
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(t.fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return pkg{}, fmt.Errorf("parse: %w", err)
		}
		out.files = append(out.files, f)
	}
	var err error
	conf := types.Config{Importer: imports}
	if out.types, err = conf.Check(p.ImportPath, t.fset, out.files, out.info); err != nil {
		return pkg{}, fmt.Errorf("check %s: %w", p.ImportPath, err)
	}
	return out, nil
}

// file returns the base name of the file that holds pos.
func (t *tree) file(pos token.Pos) string { return filepath.Base(t.fset.Position(pos).Filename) }

// generated reports whether a file says that a program wrote it.
func generated(f *ast.File) bool { return ast.IsGenerated(f) }

// short returns the import path below that of the module.
func short(path string) string {
	const module = "github.com/authkit-dev/authkit"
	if rest := strings.TrimPrefix(path, module); rest != "" {
		return strings.TrimPrefix(rest, "/")
	}
	return "authkit"
}
