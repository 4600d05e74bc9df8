// Comments proves that a change rewrites comments and nothing more. It compares the Go files
// of two git revisions without their comments, prints each file whose code differs, and
// exits with 1 if there is one.
//
//	go run ./internal/tools/comments HEAD~1 HEAD   # a commit
//	go run ./internal/tools/comments HEAD          # the working tree
//
// Files are compared token by token, so that layout does not matter. Comments that a
// program reads count as code: directives, the names of linters after nolint, the output
// of an example, and the mark of a generated file.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	flag.Usage = func() { _, _ = fmt.Fprintln(flag.CommandLine.Output(), "usage: comments REV1 [REV2]") }
	flag.Parse()
	if n := flag.NArg(); n != 1 && n != 2 {
		flag.Usage()
		os.Exit(2)
	}
	changed, err := run(context.Background(), os.Stdout, flag.Arg(0), flag.Arg(1))
	if err != nil {
		fmt.Fprintln(os.Stderr, "comments:", err)
		os.Exit(2)
	}
	if changed {
		os.Exit(1)
	}
}

// run prints the Go files whose code differs between two revisions, and reports whether there
// is one. An empty second revision is the working tree.
func run(ctx context.Context, w io.Writer, from, to string) (bool, error) {
	tree, err := open(ctx)
	if err != nil {
		return false, err
	}
	paths, err := tree.changed(ctx, from, to)
	if err != nil {
		return false, err
	}
	var out strings.Builder
	for _, path := range paths {
		same, err := tree.sameCode(ctx, path, from, to)
		if err != nil {
			return false, err
		}
		if !same {
			out.WriteString(path + "\n")
		}
	}
	_, err = io.WriteString(w, out.String())
	return out.Len() > 0, err
}
