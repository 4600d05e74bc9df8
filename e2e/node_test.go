package e2e_test

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// program is a running script of this folder. It ends with the test, since each script ends
// with its stdin.
type program struct {
	t     *testing.T
	in    io.WriteCloser
	lines *bufio.Scanner
	stop  func()

	// freeze makes the program stop answering. Its port stays open.
	freeze func()
}

func run(t *testing.T, script string, args ...string) *program {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v (node is needed, and `npm ci` in this folder)", script, err)
	}
	p := &program{t: t, in: in, lines: bufio.NewScanner(out)}
	p.stop = sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait() // an error if the end of the test has killed it already
	})
	p.freeze = func() {
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(p.stop)
	return p
}

// line returns the next line of output that begins with the prefix.
func (p *program) line(prefix string) string {
	p.t.Helper()
	for p.lines.Scan() {
		if strings.HasPrefix(p.lines.Text(), prefix) {
			return p.lines.Text()
		}
	}
	p.t.Fatalf("output: got its end (%v), want a line with %q", p.lines.Err(), prefix)
	return ""
}

// ask writes a line and returns the next line of output.
func (p *program) ask(line string) string {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
	return p.line("")
}
