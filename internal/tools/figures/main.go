// Figures measures the shape of the module: how wide its types are, how many files of the
// root package all depend on each other, how many parameters functions take, which words
// its comments use, how long commit subjects are, and how many examples run.
//
//	go run ./internal/tools/figures            # prints a table
//	go run ./internal/tools/figures -circle    # and the files of the largest circle
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"io"
	"os"
	"strings"
)

// base is the commit after which subjects are measured. The history before it is never
// rewritten.
const base = "54c2737"

func main() {
	circles := flag.Bool("circle", false, "list the files of the largest circle of the root package")
	since := flag.String("since", base, "measure the commit subjects after this commit")
	flag.Parse()
	if err := run(os.Stdout, *since, *circles); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, since string, circles bool) error {
	t, err := load()
	if err != nil {
		return err
	}
	files, err := goFiles()
	if err != nil {
		return err
	}
	var out strings.Builder
	t.writeShape(&out, circles)
	if err := writeText(&out, files, since); err != nil {
		return err
	}
	_, err = io.WriteString(w, out.String())
	return err
}

func (t *tree) writeShape(w *strings.Builder, circles bool) {
	var widths []width
	var wide []long
	for _, p := range t.packages {
		widths = append(widths, t.widest(p)...)
		wide = append(wide, t.crowded(p, 5)...)
		if p.types.Name() == "authkit" {
			found := circle(t.uses(p))
			fmt.Fprintf(w, "files in the largest circle of the root: %d of %d\n", len(found), len(p.files))
			if circles {
				fmt.Fprintf(w, "  %s\n", strings.Join(found, " "))
			}
		}
	}
	for _, x := range widths {
		if x.exported+x.unexported > 40 {
			fmt.Fprintf(w, "methods of %s: %d exported, %d unexported, on %d fields\n", x.name, x.exported, x.unexported, x.fields)
		}
	}
	fmt.Fprintf(w, "functions with more than 5 parameters: %d\n", len(wide))
	for _, f := range wide {
		fmt.Fprintf(w, "  %s: %d\n", f.name, f.params)
	}
}

func writeText(w *strings.Builder, files []string, since string) error {
	b, err := countWords(files)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "words of comments: %d; of 10,000:", b.words)
	for _, c := range counted {
		fmt.Fprintf(w, " %s %.1f", c, b.per(c))
	}
	fmt.Fprintln(w)
	lengths, err := subjects(since)
	if err != nil {
		return err
	}
	if n := len(lengths); n > 0 {
		fmt.Fprintf(w, "commit subjects since %s: %d, median %d, longest %d\n", since, n, lengths[n/2], lengths[n-1])
	}
	n, err := examples(files)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "examples that run: %d\n", n)
	return nil
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
