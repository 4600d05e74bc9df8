package apidoc

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Comments are those of the types and fields of a package.
type Comments struct {
	types  map[string]string
	fields map[string]string   // by type, dot, field
	shared map[string][]string // the texts about the members of a name in JSON, each once
}

// ReadComments reads the comments of the types in the Go files of a folder, tests left out.
func ReadComments(folder string) (Comments, error) {
	c := Comments{types: map[string]string{}, fields: map[string]string{}, shared: map[string][]string{}}
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return c, fmt.Errorf("list the files of %s: %w", folder, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return c, fmt.Errorf("read the comments: %w", err)
		}
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.TYPE {
				c.readTypes(gen)
			}
		}
	}
	return c, nil
}

func (c Comments) readTypes(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		typ, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		text := typ.Doc.Text()
		if text == "" && len(decl.Specs) == 1 {
			text = decl.Doc.Text()
		}
		c.types[typ.Name.Name] = sentence(typ.Name.Name, text)
		of, ok := typ.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range of.Fields.List {
			for _, name := range f.Names {
				text := f.Doc.Text()
				if text == "" {
					text = f.Comment.Text()
				}
				c.fields[typ.Name.Name+"."+name.Name] = sentence(name.Name, text)
			}
		}
	}
}

// sentence makes a comment a text that stands by itself: without the Go name with which it may
// begin, as a sentence, and on one line for each paragraph.
func sentence(name, text string) string {
	for _, verb := range []string{" is ", " are ", " "} {
		if rest, ok := strings.CutPrefix(text, name+verb); ok {
			text = rest
			break
		}
	}
	paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(strings.Fields(p), " ")
	}
	text = strings.Join(paragraphs, "\n\n")
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	if second, _ := utf8.DecodeRuneInString(text[size:]); !strings.Contains(strings.Fields(text)[0], "_") && !unicode.IsUpper(second) {
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

func (c Comments) typ(t reflect.Type) string { return c.types[t.Name()] }

func (c Comments) field(t reflect.Type, name string) string { return c.fields[t.Name()+"."+name] }

func (c Comments) learn(member, text string) {
	if text != "" && !slices.Contains(c.shared[member], text) {
		c.shared[member] = append(c.shared[member], text)
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
