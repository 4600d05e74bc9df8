package main

import (
	"cmp"
	"go/ast"
	"go/types"
	"slices"
)

// width holds the numbers of methods and fields of a type.
type width struct {
	name                         string
	exported, unexported, fields int
}

// widest lists the types of a package by their number of methods, the widest first. Types
// of generated files are left out.
func (t *tree) widest(p pkg) []width {
	var out []width
	scope := p.types.Scope()
	made := t.generatedFiles(p)
	for _, name := range scope.Names() {
		named, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || named.IsAlias() || made[t.file(named.Pos())] {
			continue
		}
		typ, ok := named.Type().(*types.Named)
		if !ok || types.IsInterface(typ) {
			continue
		}
		w := width{name: short(p.path) + "." + name}
		for m := range typ.Methods() {
			if m.Exported() {
				w.exported++
			} else {
				w.unexported++
			}
		}
		if s, ok := typ.Underlying().(*types.Struct); ok {
			w.fields = s.NumFields()
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b width) int { return cmp.Compare(b.exported+b.unexported, a.exported+a.unexported) })
	return out
}

func (t *tree) generatedFiles(p pkg) map[string]bool {
	out := map[string]bool{}
	for _, f := range p.files {
		out[t.file(f.Pos())] = generated(f)
	}
	return out
}

// uses lists for each file of a package the other files that its code refers to.
func (t *tree) uses(p pkg) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, f := range p.files {
		out[t.file(f.Pos())] = map[string]bool{}
	}
	for ident, object := range p.info.Uses {
		if object.Pkg() != p.types || !object.Pos().IsValid() {
			continue
		}
		from, to := t.file(ident.Pos()), t.file(object.Pos())
		if from != to {
			out[from][to] = true
		}
	}
	return out
}

// circle returns the largest set of files that all reach each other: the largest strongly
// connected component, by Tarjan's algorithm.
func circle(uses map[string]map[string]bool) []string {
	s := search{uses: uses, index: map[string]int{}, low: map[string]int{}, on: map[string]bool{}}
	names := make([]string, 0, len(uses))
	for name := range uses {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if _, seen := s.index[name]; !seen {
			s.visit(name)
		}
	}
	slices.Sort(s.best)
	return s.best
}

type search struct {
	uses       map[string]map[string]bool
	index, low map[string]int
	on         map[string]bool
	stack      []string
	best       []string
}

func (s *search) visit(name string) {
	s.index[name] = len(s.index)
	s.low[name] = s.index[name]
	s.stack, s.on[name] = append(s.stack, name), true
	for to := range s.uses[name] {
		if _, seen := s.index[to]; !seen {
			s.visit(to)
			s.low[name] = min(s.low[name], s.low[to])
		} else if s.on[to] {
			s.low[name] = min(s.low[name], s.index[to])
		}
	}
	if s.low[name] != s.index[name] {
		return
	}
	at := slices.Index(s.stack, name)
	found := slices.Clone(s.stack[at:])
	s.stack = s.stack[:at]
	for _, f := range found {
		s.on[f] = false
	}
	if len(found) > len(s.best) {
		s.best = found
	}
}

// long is a function with more parameters than allowed.
type long struct {
	name   string
	params int
}

// crowded lists the functions of a package that take more than most parameters.
func (t *tree) crowded(p pkg, most int) []long {
	var out []long
	for _, f := range p.files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || generated(f) {
				continue
			}
			if n := fn.Type.Params.NumFields(); n > most {
				out = append(out, long{short(p.path) + "." + fn.Name.Name, n})
			}
		}
	}
	slices.SortFunc(out, func(a, b long) int { return cmp.Compare(b.params, a.params) })
	return out
}
