package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os/exec"
	"regexp"
	"strings"
)

// notWords matches the parts of a comment that are not prose: code, quotations and the usual
// form of a default.
var notWords = regexp.MustCompile("`[^`]*`|\"[^\"]*\"|(?i:default: none)|\\[[^\\]]*\\]")

var word = regexp.MustCompile(`[A-Za-z][A-Za-z'’-]*`)

// budget counts the words of all comments of the module, tests included, by their lower case.
type budget struct {
	words int
	of    map[string]int
}

func countWords(files []string) (budget, error) {
	b := budget{of: map[string]int{}}
	for _, path := range files {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return b, fmt.Errorf("parse: %w", err)
		}
		if ast.IsGenerated(f) {
			continue
		}
		for _, group := range f.Comments {
			b.add(group)
		}
	}
	return b, nil
}

func (b *budget) add(group *ast.CommentGroup) {
	for line := range strings.SplitSeq(group.Text(), "\n") {
		if strings.HasPrefix(line, "\t") { // a block of code
			continue
		}
		for _, w := range word.FindAllString(notWords.ReplaceAllString(line, " "), -1) {
			b.words++
			b.of[strings.ToLower(w)]++
		}
	}
}

// per returns how often a word occurs in 10,000 words.
func (b *budget) per(w string) float64 {
	if b.words == 0 {
		return 0
	}
	return float64(b.of[w]) * 10_000 / float64(b.words)
}

// goFiles lists the Go files that git tracks.
func goFiles() ([]string, error) {
	out, err := exec.CommandContext(context.Background(), "git", "ls-files", "*.go").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// examples counts the example functions that a test run checks: those with an output.
func examples(files []string) (int, error) {
	n := 0
	for _, path := range files {
		if !strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return 0, fmt.Errorf("parse: %w", err)
		}
		n += exampleCount(f)
	}
	return n, nil
}

// exampleCount counts the examples of a file whose output a test run compares.
func exampleCount(f *ast.File) int {
	n := 0
	for _, x := range doc.Examples(f) {
		if x.Output != "" || x.EmptyOutput {
			n++
		}
	}
	return n
}
