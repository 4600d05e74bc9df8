package main

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestTheLargestCircleIsFound(t *testing.T) {
	t.Parallel()
	set := func(names ...string) map[string]bool {
		out := map[string]bool{}
		for _, n := range names {
			out[n] = true
		}
		return out
	}
	uses := map[string]map[string]bool{
		"a": set("b"), "b": set("c"), "c": set("a", "d"), // a circle of three
		"d": set("e"), "e": set("d"), // and one of two, which the first reaches
		"f": set("a"), // reaches a circle but is not part of one
	}
	if got := strings.Join(circle(uses), " "); got != "a b c" {
		t.Errorf("got the circle %q, want %q", got, "a b c")
	}
}

func TestWordsAreCountedInProseAlone(t *testing.T) {
	t.Parallel()
	const text = "package p\n\n" +
		"// F finds nobody, or ELSE `none` and \"whoever\". Default: none.\n" +
		"//\n//\tnobody in code\nfunc F() {}\n"
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	b := budget{of: map[string]int{}}
	for _, group := range f.Comments {
		b.add(group)
	}
	for w, want := range map[string]int{"nobody": 1, "else": 1, "none": 0, "whoever": 0} {
		if got := b.of[w]; got != want {
			t.Errorf("got %s %d times, want %d", w, got, want)
		}
	}
	if want := 6; b.words != want { // F finds nobody or ELSE and
		t.Errorf("got %d words, want %d", b.words, want)
	}
}

func TestOnlyExamplesWithAnOutputRun(t *testing.T) {
	t.Parallel()
	const text = "package p\n\nfunc ExampleF() {\n\t// Output: 1\n}\n\nfunc ExampleG() {}\n"
	f, err := parser.ParseFile(token.NewFileSet(), "p_test.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if got := exampleCount(f); got != 1 {
		t.Errorf("got %d examples, want 1", got)
	}
}
