// Package lines lets the tests of the examples read what a program prints while it runs.
package lines

import (
	"bufio"
	"io"
	"regexp"
	"testing"
)

// Reader reads what is written to it, line by line.
type Reader struct {
	io.Writer

	tb  testing.TB
	out *bufio.Scanner
}

// New returns a Reader. A writer waits until the test reads or ends.
func New(tb testing.TB) *Reader {
	tb.Helper()
	r, w := io.Pipe()
	tb.Cleanup(func() { _ = r.Close() })
	return &Reader{w, tb, bufio.NewScanner(r)}
}

// Match reads up to a line that matches, and returns its groups.
func (r *Reader) Match(pattern string) []string {
	r.tb.Helper()
	re := regexp.MustCompile(pattern)
	for r.out.Scan() {
		if m := re.FindStringSubmatch(r.out.Text()); m != nil {
			return m
		}
	}
	r.tb.Fatalf("output: got no line that matches %s", pattern)
	return nil
}
