// Figures measures the shape of the module: how wide its types are, how many files of the
// root package all depend on each other, how many parameters functions take, which words
// its comments use, how long commit subjects are, and how many examples run.
//
//	go run ./internal/tools/figures            # prints a table
//	go run ./internal/tools/figures -circle    # and the files of the largest circle
//	go run ./internal/tools/figures -check     # exits with 1 if a figure is over its bound
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// errOver means that a figure is over its bound.
var errOver = errors.New("a figure is over its bound")

func main() {
	circles := flag.Bool("circle", false, "list the files of the largest circle of the root package")
	since := flag.String("since", base.commit, "measure the commit subjects after this commit")
	check := flag.Bool("check", false, "print only the figures over their bounds, and exit with 1 if there is one")
	flag.Parse()
	write := func(w io.Writer, f figures) error { return f.write(w, *circles) }
	if *check {
		write = checkBounds
	}
	if err := run(context.Background(), os.Stdout, *since, write); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, since string, write func(io.Writer, figures) error) error {
	f, err := measure(ctx, since)
	if err != nil {
		return err
	}
	return write(w, f)
}

// figures are all that is measured.
type figures struct {
	types    []width
	crowded  []long   // functions with more than maxParams parameters
	circle   []string // the files of the largest circle of the root package
	root     int      // files of the root package
	words    budget
	subjects subjects
	examples int
}

func measure(ctx context.Context, since string) (figures, error) {
	t, err := load()
	if err != nil {
		return figures{}, err
	}
	files, err := goFiles()
	if err != nil {
		return figures{}, err
	}
	var f figures
	for _, p := range t.packages {
		f.types = append(f.types, t.widest(p)...)
		f.crowded = append(f.crowded, t.crowded(p, maxParams)...)
		if p.types.Name() == "authkit" {
			f.circle, f.root = circle(t.uses(p)), len(p.files)
		}
	}
	if f.words, err = countWords(files); err != nil {
		return figures{}, err
	}
	if f.subjects, err = readSubjects(ctx, since); err != nil {
		return figures{}, err
	}
	f.examples, err = examples(files)
	return f, err
}

// write prints all figures.
func (f figures) write(to io.Writer, circles bool) error {
	var w strings.Builder
	fmt.Fprintf(&w, "files in the largest circle of the root: %d of %d\n", len(f.circle), f.root)
	if circles {
		fmt.Fprintf(&w, "  %s\n", strings.Join(f.circle, " "))
	}
	for _, x := range f.types {
		if x.exported+x.unexported > 40 {
			fmt.Fprintf(&w, "methods of %s: %d exported, %d unexported, on %d fields\n", x.name, x.exported, x.unexported, x.fields)
		}
	}
	fmt.Fprintf(&w, "functions with more than %d parameters: %d\n", maxParams, len(f.crowded))
	for _, x := range f.crowded {
		fmt.Fprintf(&w, "  %s: %d\n", x.name, x.params)
	}
	fmt.Fprintf(&w, "words of comments: %d; of 10,000:", f.words.words)
	for _, b := range wordBounds {
		fmt.Fprintf(&w, " %s %.1f", b.word, f.words.per(b.word))
	}
	fmt.Fprintln(&w)
	if n := len(f.subjects.lengths); n > 0 {
		fmt.Fprintf(&w, "commit subjects %s: %d, median %d, longest %d\n", f.subjects.since, n, f.subjects.median(), f.subjects.longest())
	}
	fmt.Fprintf(&w, "examples that run: %d\n", f.examples)
	_, err := io.WriteString(to, w.String())
	return err
}
