package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/authkit-dev/authkit"

// generate returns the file of a wrapper.
func generate(root, wrap string) ([]byte, error) {
	s, err := read(root)
	if err != nil {
		return nil, err
	}
	verbs, err := s.verbs("Store")
	if err != nil {
		return nil, err
	}
	var w writer
	switch wrap {
	case "audited":
		w = writer{source: s, pkg: "authkit", imports: map[string]bool{}}
		verbs = slices.DeleteFunc(verbs, func(v verb) bool { return v.riders == "" })
		err = w.methods(verbs, w.audited)
	case "guarded":
		w = writer{source: s, pkg: "authkit", imports: map[string]bool{}}
		verbs = slices.DeleteFunc(verbs, func(v verb) bool { return !v.fails() })
		err = w.methods(verbs, w.guarded)
	case "metered":
		w = writer{source: s, pkg: "authkit", imports: map[string]bool{"time": true}}
		verbs = slices.DeleteFunc(verbs, func(v verb) bool { return !v.fails() })
		err = w.methods(verbs, w.metered)
	case "faulty":
		w = writer{source: s, pkg: "storetest", prefix: "authkit.", imports: map[string]bool{module: true}}
		verbs = slices.DeleteFunc(verbs, func(v verb) bool { return !v.fails() })
		err = w.methods(verbs, w.faulty)
	default:
		err = fmt.Errorf("there is no wrapper %q", wrap)
	}
	if err != nil {
		return nil, err
	}
	return w.file()
}

// writer writes the file of one wrapper.
type writer struct {
	source

	pkg     string
	prefix  string          // before a type of package authkit
	imports map[string]bool // paths
	body    bytes.Buffer
}

// signature is a verb as the wrapper's package spells it.
type signature struct {
	name    string
	params  string   // names and types
	args    string   // names
	results []string // types, without the error
}

func (w *writer) methods(verbs []verb, write func(v verb, s signature)) error {
	for _, v := range verbs {
		s, err := w.signature(v)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		write(v, s)
	}
	return nil
}

func (w *writer) signature(v verb) (signature, error) {
	s := signature{name: v.name}
	if !v.fails() {
		return s, errors.New("its last result is no error")
	}
	var params, args []string
	for _, p := range v.params {
		t, err := w.text(p.of)
		if err != nil {
			return s, err
		}
		params, args = append(params, p.name+" "+t), append(args, p.name)
	}
	for _, r := range v.results[:len(v.results)-1] {
		t, err := w.text(r)
		if err != nil {
			return s, err
		}
		s.results = append(s.results, t)
	}
	s.params, s.args = strings.Join(params, ", "), strings.Join(args, ", ")
	return s, nil
}

// text spells a type in the wrapper's package and notes what it imports.
func (w *writer) text(e ast.Expr) (string, error) {
	switch t := e.(type) {
	case *ast.Ident:
		if _, ok := w.types[t.Name]; ok {
			return w.prefix + t.Name, nil
		}
		return t.Name, nil
	case *ast.SelectorExpr:
		pkg, ok := t.X.(*ast.Ident)
		if !ok || w.source.imports[pkg.Name] == "" {
			return "", fmt.Errorf("the package of %s is not imported", t.Sel.Name)
		}
		w.imports[w.source.imports[pkg.Name]] = true
		return pkg.Name + "." + t.Sel.Name, nil
	case *ast.StarExpr:
		x, err := w.text(t.X)
		return "*" + x, err
	case *ast.ArrayType:
		x, err := w.text(t.Elt)
		return "[]" + x, err
	case *ast.MapType:
		k, err := w.text(t.Key)
		if err != nil {
			return "", err
		}
		x, err := w.text(t.Value)
		return "map[" + k + "]" + x, err
	}
	return "", fmt.Errorf("a type of the form %T is not known here", e)
}

func (w *writer) audited(v verb, s signature) {
	if len(s.results) == 0 {
		fmt.Fprintf(&w.body, "\nfunc (a audited) %s(%s) error {\n\treturn a.step(ctx, %s, func() error { return a.Store.%s(%s) })\n}\n", s.name, s.params, v.riders, s.name, s.args)
		return
	}
	named, names := s.named()
	fmt.Fprintf(&w.body, "\nfunc (a audited) %s(%s) (%s, err error) {\n\terr = a.step(ctx, %s, func() (err error) { %s, err = a.Store.%s(%s); return err })\n\treturn %s, err\n}\n",
		s.name, s.params, named, v.riders, names, s.name, s.args, names)
}

func (w *writer) guarded(v verb, s signature) {
	guard := "err := g.confirm(ctx)"
	if v.version != "" {
		guard = "err := g.guard(ctx, " + v.app + ", &" + v.version + ")"
	}
	result, fail := "error", "err"
	if len(s.results) > 0 {
		named, names := s.named()
		result, fail = "("+named+", err error)", names+", err"
		guard = strings.Replace(guard, ":=", "=", 1)
	}
	fmt.Fprintf(&w.body, "\nfunc (g guarded) %s(%s) %s {\n\tif %s; err != nil {\n\t\treturn %s\n\t}\n\treturn g.Store.%s(%s)\n}\n",
		s.name, s.params, result, guard, fail, s.name, s.args)
}

func (w *writer) metered(_ verb, s signature) {
	result, names := "(err error)", ""
	if len(s.results) > 0 {
		declared, all := s.named()
		result, names = "("+declared+", err error)", all+", "
	}
	fmt.Fprintf(&w.body, "\nfunc (on metered) %s(%s) %s {\n\tbegun := time.Now()\n\t%serr = on.Store.%s(%s)\n\ton.meter.called(%q, begun, err)\n\treturn %serr\n}\n",
		s.name, s.params, result, names, s.name, s.args, s.name, names)
}

func (w *writer) faulty(_ verb, s signature) {
	result, fail := "error", "err"
	if len(s.results) > 0 {
		named, names := s.named()
		result, fail = "("+named+", err error)", names+", err"
	}
	fmt.Fprintf(&w.body, "\n// %s passes the call on, unless it is to fail.\nfunc (f *Faulty) %s(%s) %s {\n\tif err := f.next(); err != nil {\n\t\treturn %s\n\t}\n\treturn f.s.%s(%s)\n}\n",
		s.name, s.name, s.params, result, fail, s.name, s.args)
}

// named returns the results with names, and the names.
func (s signature) named() (declared, names string) {
	var d, n []string
	for i, t := range s.results {
		name := "r" + strconv.Itoa(i)
		d, n = append(d, name+" "+t), append(n, name)
	}
	return strings.Join(d, ", "), strings.Join(n, ", ")
}

// file puts the head before the methods.
func (w *writer) file() ([]byte, error) {
	var groups [3][]string // of the standard library, of others, of this module
	for p := range w.imports {
		n := 0
		switch {
		case strings.HasPrefix(p, module):
			n = 2
		case strings.Contains(p, "."):
			n = 1
		}
		groups[n] = append(groups[n], strconv.Quote(p))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "// Code generated by internal/tools/wrapstore from Store. DO NOT EDIT.\n\npackage %s\n\nimport (\n", w.pkg)
	for _, g := range groups {
		slices.Sort(g)
		fmt.Fprintf(&b, "%s\n\n", strings.Join(g, "\n"))
	}
	b.WriteString(")\n")
	b.Write(w.body.Bytes())
	return format.Source(b.Bytes())
}
