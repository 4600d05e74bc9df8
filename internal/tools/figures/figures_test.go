package main

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"time"
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

func TestEachBoundIsHeld(t *testing.T) {
	t.Parallel()
	fine := func() figures {
		return figures{
			types: []width{
				{"authkit.Engine", 200, maxEngineUnexported, maxEngineFields},
				{"store/memory.Store", 90, 10, 5}, {"authkit.parts", 20, maxMethods - 20, 99},
			},
			circle:   make([]string, maxCircle),
			words:    budget{10_000, map[string]int{"nobody": 1, "whoever": 1, "none": 8, "else": 8}},
			subjects: subjects{lengths: []int{20, maxSubjectMedian, maxSubject}, since: "since x"},
			examples: minExamples,
		}
	}
	for want, spoil := range map[string]func(f *figures){
		"":                               func(*figures) {},
		"Engine has 67 unexported":       func(f *figures) { f.types[0].unexported++ },
		"Engine has 19 fields":           func(f *figures) { f.types[0].fields++ },
		"authkit.parts has 61 methods":   func(f *figures) { f.types[2].exported++ },
		"authkit.ask has 6 parameters":   func(f *figures) { f.crowded = []long{{"authkit.ask", 6}} },
		"circle of the root package":     func(f *figures) { f.circle = append(f.circle, "a.go") },
		`comments have "nobody" 2.0`:     func(f *figures) { f.words.of["nobody"]++ },
		`comments have "whoever" 2.0`:    func(f *figures) { f.words.of["whoever"]++ },
		`comments have "none" 9.0`:       func(f *figures) { f.words.of["none"]++ },
		`comments have "else" 9.0`:       func(f *figures) { f.words.of["else"]++ },
		"longest commit subject since x": func(f *figures) { f.subjects.lengths[2]++ },
		"median commit subject since x":  func(f *figures) { f.subjects.lengths[1]++ },
		"24 examples run":                func(f *figures) { f.examples-- },
	} {
		f := fine()
		spoil(&f)
		var out strings.Builder
		err := checkBounds(&out, f)
		if (err != nil) != (want != "") || !strings.Contains(out.String(), want) || strings.Count(out.String(), "\n") > 1 {
			t.Errorf("want %q: got %q, %v", want, out.String(), err)
		}
	}
}

func TestAShallowCloneSaysWhatItMeasures(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	f := figures{subjects: subjects{since: "since 2026-01-02", shallow: true}, examples: minExamples}
	if err := checkBounds(&out, f); err != nil || !strings.Contains(out.String(), "is not in this clone") || !strings.Contains(out.String(), "since 2026-01-02") {
		t.Errorf("got %q, %v", out.String(), err)
	}
	log := "100 at the time of the base\n101 après\n102 later\n"
	if got := lengthsOf(log, time.Unix(100, 0)); !slices.Equal(got, []int{5, 5}) {
		t.Errorf("got the lengths %d, want those after the base's time: 5 and 5", got)
	}
}
