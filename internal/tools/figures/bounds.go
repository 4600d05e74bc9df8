package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// base is the commit after which subjects are measured, and its date. The history before it
// is never rewritten.
var base = struct {
	commit string
	date   time.Time
}{"54c2737", time.Unix(1795582558, 0)}

// The bounds of the shape.
const (
	// A caller cannot tell six arguments apart. What belongs together is a struct.
	maxParams = 5

	// Files in a circle are understood only together. The root package is flat, so this is
	// what keeps it in parts.
	maxCircle = 30

	// A type with more methods owns more than one thing. net/http's widest has 33, crypto/tls's
	// 65. Stores are as wide as their interface.
	maxMethods = 60

	// Engine's exported methods are the API, so they have no bound. Its other methods and its
	// fields have: state belongs to the parts that Engine stands on.
	maxEngineUnexported = 66
	maxEngineFields     = 18 // a part for each thing that an app has, and for second factors
)

// stores are the types that implement the Store interface by hand, and its generated wrappers.
var stores = []string{"store/memory.Store", "internal/sqlstore.Store", "authkit.guarded", "authkit.metered", "storetest.Faulty"}

// The bounds of the text.
const (
	// A log of commits shows about so many characters of a subject. The body has room for
	// the reason.
	maxSubject       = 72
	maxSubjectMedian = 60

	// Examples that run are documentation that cannot become wrong.
	minExamples = 25
)

// wordBounds bound the words that make comments hard to read when they are frequent: a sentence
// with "nobody", "whoever" or "none" often hides its subject, and one with "else" hides its
// condition. Each bound is in occurrences per 10,000 words. Comments of well-known
// libraries have 0 to 8.
var wordBounds = []struct {
	word string
	most float64
}{{"nobody", 1}, {"whoever", 1}, {"none", 8}, {"else", 8}}

// checkBounds prints the figures that are over their bounds. It returns errOver if there is
// one.
func checkBounds(w io.Writer, f figures) error {
	if f.subjects.shallow {
		if _, err := fmt.Fprintf(w, "the base commit %s is not in this clone: the subjects that are in it %s are measured\n", base.commit, f.subjects.since); err != nil {
			return err
		}
	}
	found := slices.Concat(f.overShape(), f.overText())
	if len(found) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, strings.Join(found, "\n")); err != nil {
		return err
	}
	return errOver
}

func (f figures) overShape() []string {
	var out []string
	for _, x := range f.types {
		out = append(out, x.over()...)
	}
	for _, x := range f.crowded {
		out = append(out, fmt.Sprintf("%s has %d parameters, at most %d", x.name, x.params, maxParams))
	}
	if n := len(f.circle); n > maxCircle {
		out = append(out, fmt.Sprintf("the largest circle of the root package has %d files, at most %d: list them with -circle", n, maxCircle))
	}
	return out
}

// over lists how a type is over the bounds.
func (x width) over() []string {
	var out []string
	switch {
	case x.name == "authkit.Engine":
		if x.unexported > maxEngineUnexported {
			out = append(out, fmt.Sprintf("%s has %d unexported methods, at most %d", x.name, x.unexported, maxEngineUnexported))
		}
		if x.fields > maxEngineFields {
			out = append(out, fmt.Sprintf("%s has %d fields, at most %d", x.name, x.fields, maxEngineFields))
		}
	case x.exported+x.unexported > maxMethods && !slices.Contains(stores, x.name):
		out = append(out, fmt.Sprintf("%s has %d methods, at most %d", x.name, x.exported+x.unexported, maxMethods))
	}
	return out
}

func (f figures) overText() []string {
	var out []string
	for _, b := range wordBounds {
		if per := f.words.per(b.word); per > b.most {
			out = append(out, fmt.Sprintf("comments have %q %.1f times in 10,000 words, at most %.0f", b.word, per, b.most))
		}
	}
	if n := f.subjects.longest(); n > maxSubject {
		out = append(out, fmt.Sprintf("the longest commit subject %s has %d characters, at most %d", f.subjects.since, n, maxSubject))
	}
	if n := f.subjects.median(); n > maxSubjectMedian {
		out = append(out, fmt.Sprintf("the median commit subject %s has %d characters, at most %d", f.subjects.since, n, maxSubjectMedian))
	}
	if f.examples < minExamples {
		out = append(out, fmt.Sprintf("%d examples run, at least %d", f.examples, minExamples))
	}
	return out
}
