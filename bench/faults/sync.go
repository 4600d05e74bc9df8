package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// tracer is the program that shows when a process syncs a file.
const tracer = "strace"

// syncs watches the calls of authkit's process to the system: the write-ahead log has to be synced
// between what was last written to it and each answer that says success. Only then does a power cut
// take nothing that was acknowledged.
func syncs(ctx context.Context, w *world, r *result) error {
	path, err := exec.LookPath(tracer)
	if err != nil {
		return err
	}
	store, trace := w.sqlite(), w.path("trace")
	_, file, _ := strings.Cut(store, ":")
	c := &cutting{w: w, r: r, writers: 1, file: file}
	c.child = &child{
		w: w, name: w.name("child"), spec: spec{Store: store, Idle: true},
		under: []string{path, "-f", "-qq", "-y", "-s", "16", "-e", "trace=pwrite64,write,fsync,fdatasync", "-o", trace},
	}
	w.atEnd(c.child.kill)
	if _, err := c.child.start(ctx); err != nil {
		return err
	}
	if c.app, err = c.child.newApp(ctx, w.name("syncs")); err != nil {
		return err
	}
	for range w.of(5, 100) {
		if err := c.write(ctx, true); err != nil {
			return err
		}
	}
	if err := c.child.stop(); err != nil {
		return err
	}
	f, err := os.Open(trace)
	if err != nil {
		return err
	}
	seen, err := readTrace(f, file+"-wal")
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	r.notef("%d acknowledged writes, %d syncs of the log, %d answers of success with the log not synced", len(c.writes), seen.syncs, seen.early)
	if seen.early > 0 || seen.syncs < len(c.writes) {
		r.brokef("got %d answers before the sync and %d syncs, want 0 and at least %d", seen.early, seen.syncs, len(c.writes))
	}
	return nil
}

// traced is what a trace shows.
type traced struct{ writes, syncs, early int }

// A call on one line, the first half of one that others interrupt, and the second half.
var (
	wholeCall = regexp.MustCompile(`^(\d+) +(\w+)\(\d+<([^>]*)>,? ?(.*)$`)
	restCall  = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.*= 0$`)
)

// readTrace reads the trace of a process that answers one request at a time. A call that was
// begun counts as a write; only one that has ended counts as a sync.
func readTrace(from io.Reader, log string) (seen traced, err error) {
	dirty, syncing := false, map[string]bool{}
	synced := func() { dirty = false; seen.syncs++ }
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if m := restCall.FindStringSubmatch(lines.Text()); m != nil && syncing[m[1]] {
			delete(syncing, m[1])
			synced()
		}
		m := wholeCall.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		thread, call, path, rest := m[1], m[2], m[3], m[4]
		switch {
		case call == "pwrite64" && path == log:
			dirty = true
			seen.writes++
		case strings.HasSuffix(call, "sync") && path == log && strings.HasSuffix(rest, "= 0"):
			synced()
		case strings.HasSuffix(call, "sync") && path == log:
			syncing[thread] = true
		case call == "write" && strings.HasPrefix(rest, `"HTTP/1.1 2`) && dirty:
			seen.early++
		}
	}
	if err := lines.Err(); err != nil {
		return seen, fmt.Errorf("read the trace: %w", err)
	}
	return seen, nil
}
