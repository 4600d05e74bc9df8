package main

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
)

// directive matches the comments that the Go tools read (go doc go/ast Directive), and the mark
// of a generated file.
var directive = regexp.MustCompile(`^//(?:[a-z0-9]+:[a-z0-9]|line |extern |export |go:|[ ]?\+build |[ ]Code generated .* DO NOT EDIT\.$)`)

// linters matches the names of the linters that golangci-lint leaves out. The reason after
// them is prose.
var linters = regexp.MustCompile(`^// ?nolint(?::[A-Za-z0-9_,-]+)?`)

// code returns the tokens of a Go file without its comments, and with the comments that a
// program reads.
func code(text []byte) ([]string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	return append(tokens(text), outputs(f)...), nil
}

// tokens scans a file that parses.
func tokens(text []byte) []string {
	file := token.NewFileSet().AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, scanner.ScanComments)
	var out []string
	last := 0 // the line of the last token of code
	for {
		pos, tok, lit := s.Scan()
		line := file.Line(pos)
		switch {
		case tok == token.EOF:
			return out
		case tok == token.COMMENT:
			if read, ok := machineRead(lit); ok {
				out = append(out, fmt.Sprintf("comment, at the end of a line: %t: %s", line == last, read))
			}
		case tok == token.SEMICOLON: // an automatic one has the text "\n"
			out = append(out, ";")
		case tok.IsLiteral():
			out, last = append(out, lit), line
		default:
			out, last = append(out, tok.String()), line
		}
	}
}

// machineRead returns the part of a comment that a program reads.
func machineRead(comment string) (string, bool) {
	if names := linters.FindString(comment); names != "" {
		return names, true
	}
	return comment, directive.MatchString(comment)
}

// outputs lists what the examples of a file are compared with.
func outputs(f *ast.File) []string {
	var out []string
	for _, x := range doc.Examples(f) {
		out = append(out, fmt.Sprintf("output of %s: %q %t %t", x.Name, strings.TrimSpace(x.Output), x.EmptyOutput, x.Unordered))
	}
	return out
}
