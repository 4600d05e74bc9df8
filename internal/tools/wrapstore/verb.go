package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// source is what the Go files of package authkit declare.
type source struct {
	types   map[string]ast.Expr
	imports map[string]string // path by name
}

// verb is a method of Store.
type verb struct {
	name    string
	params  []param
	results []ast.Expr
	riders  string // the expression that is the verb's Riders; empty if it carries none

	// The expressions of the verb's AppVersion and of the app that it is about; empty if the verb
	// takes no AppVersion.
	version, app string
}

type param struct {
	name string
	of   ast.Expr
}

// read parses the package in a folder, without its tests.
func read(dir string) (source, error) {
	s := source{types: map[string]ast.Expr{}, imports: map[string]string{}}
	names, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		return source{}, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return source{}, err
		}
		s.add(f)
	}
	return s, nil
}

func (s source) add(f *ast.File) {
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value) // the parser has checked it
		s.imports[path.Base(p)] = p
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			if t, ok := spec.(*ast.TypeSpec); ok {
				s.types[t.Name.Name] = t.Type
			}
		}
	}
}

// verbs returns the methods of an interface, in the order in which they are declared, with
// those of the interfaces that it embeds.
func (s source) verbs(name string) ([]verb, error) {
	t, ok := s.types[name].(*ast.InterfaceType)
	if !ok {
		return nil, fmt.Errorf("there is no interface %s", name)
	}
	var out []verb
	for _, m := range t.Methods.List {
		f, ok := m.Type.(*ast.FuncType)
		if !ok {
			role, isIdent := m.Type.(*ast.Ident)
			if !isIdent {
				return nil, fmt.Errorf("%s embeds what is not an interface of this package", name)
			}
			list, err := s.verbs(role.Name)
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
			continue
		}
		v, err := s.verb(m.Names[0].Name, f)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", name, m.Names[0].Name, err)
		}
		out = append(out, v)
	}
	return out, nil
}

func (s source) verb(name string, f *ast.FuncType) (verb, error) {
	v := verb{name: name}
	for _, p := range f.Params.List {
		if len(p.Names) == 0 {
			return verb{}, errors.New("a parameter has no name")
		}
		for _, n := range p.Names {
			v.params = append(v.params, param{n.Name, p.Type})
		}
	}
	if f.Results != nil {
		for _, r := range f.Results.List {
			for range max(len(r.Names), 1) {
				v.results = append(v.results, r.Type)
			}
		}
	}
	var paths []string
	for _, p := range v.params {
		found, err := s.ridersIn(p.name, p.of, nil)
		if err != nil {
			return verb{}, err
		}
		paths = append(paths, found...)
	}
	if len(paths) > 1 {
		return verb{}, fmt.Errorf("it carries Riders more than once: %s", strings.Join(paths, ", "))
	}
	v.riders = strings.Join(paths, "")
	v.version, v.app = s.guard(v.params)
	return v, nil
}

// guard returns the expressions of an AppVersion among the parameters, and of its app: a parameter
// app, or the App beside it.
func (s source) guard(params []param) (version, app string) {
	for _, p := range params {
		if at := s.holder(p.name, p.of); at != "" {
			version, app = at+".AppVersion", at+".App"
		}
	}
	if version != "" && slices.ContainsFunc(params, func(p param) bool { return p.name == "app" }) {
		app = "app"
	}
	return version, app
}

// holder returns the expression of the struct that has a field AppVersion: the value itself, or a
// struct that it embeds.
func (s source) holder(at string, of ast.Expr) string {
	id, ok := of.(*ast.Ident)
	if !ok {
		return ""
	}
	t, ok := s.types[id.Name].(*ast.StructType)
	if !ok {
		return ""
	}
	for _, f := range t.Fields.List {
		if slices.ContainsFunc(f.Names, func(n *ast.Ident) bool { return n.Name == "AppVersion" }) {
			return at
		}
		if embedded, ok := f.Type.(*ast.Ident); ok && len(f.Names) == 0 {
			if found := s.holder(at+"."+embedded.Name, embedded); found != "" {
				return found
			}
		}
	}
	return ""
}

// fails reports whether the verb returns an error.
func (v verb) fails() bool {
	if len(v.results) == 0 {
		return false
	}
	last, ok := v.results[len(v.results)-1].(*ast.Ident)
	return ok && last.Name == "error"
}

// ridersIn returns the expressions of type Riders that a value of the type holds; within are the
// types around it. Riders in a list, in a map or behind a pointer is an error: a wrapper would
// not find it.
func (s source) ridersIn(at string, of ast.Expr, within []string) ([]string, error) {
	switch t := of.(type) {
	case *ast.Ident:
		declared, ok := s.types[t.Name]
		switch {
		case t.Name == "Riders":
			return []string{at}, nil
		case !ok || slices.Contains(within, t.Name):
			return nil, nil
		}
		return s.ridersIn(at, declared, append(slices.Clip(within), t.Name))
	case *ast.StructType:
		return s.alsosOfFields(at, t, within)
	case *ast.StarExpr:
		return nil, s.noAlso(at, t.X, within)
	case *ast.ArrayType:
		return nil, s.noAlso(at, t.Elt, within)
	case *ast.MapType:
		return nil, s.noAlso(at, t.Value, within)
	}
	return nil, nil
}

func (s source) alsosOfFields(at string, t *ast.StructType, within []string) ([]string, error) {
	var out []string
	for _, f := range t.Fields.List {
		names := f.Names
		if id, ok := f.Type.(*ast.Ident); ok && len(names) == 0 {
			names = []*ast.Ident{id}
		}
		for _, n := range names {
			found, err := s.ridersIn(at+"."+n.Name, f.Type, within)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
	}
	return out, nil
}

func (s source) noAlso(at string, of ast.Expr, within []string) error {
	found, err := s.ridersIn(at, of, within)
	if err == nil && len(found) > 0 {
		return fmt.Errorf("%s holds Riders in a list, in a map or behind a pointer", at)
	}
	return err
}
