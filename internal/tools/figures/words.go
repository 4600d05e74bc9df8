package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// counted lists the words that make comments hard to read when they are frequent.
var counted = []string{"nobody", "whoever", "none", "else"}

// notWords matches the parts of a comment that are not prose: code, quotations and the usual
// form of a default.
var notWords = regexp.MustCompile("`[^`]*`|\"[^\"]*\"|(?i:default: none)|\\[[^\\]]*\\]")

var word = regexp.MustCompile(`[A-Za-z][A-Za-z'’-]*`)

// budget counts the words of all comments of the module, tests included, and among them the
// words in counted.
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
			if w = strings.ToLower(w); slices.Contains(counted, w) {
				b.of[w]++
			}
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

// subjects returns the lengths of the commit subjects since base, the shortest first.
func subjects(base string) ([]int, error) {
	out, err := exec.CommandContext(context.Background(), "git", "log", "--no-merges", "--format=%s", base+"..HEAD").Output() //nolint:gosec // a constant or the caller's own flag
	if err != nil {
		return nil, fmt.Errorf("git log: %w", err)
	}
	var lengths []int
	for line := range strings.Lines(string(out)) {
		lengths = append(lengths, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
	}
	slices.Sort(lengths)
	return lengths, nil
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
