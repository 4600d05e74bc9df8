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
	"slices"
	"strings"
	"sync"
	"time"
)

// tracer is the program that shows when a process syncs a file.
const tracer = "strace"

// syncs watches the calls of the process to the system, then makes each sync slow, and then some fail. Only a
// write whose log was synced before the answer outlives a power cut.
func syncs(ctx context.Context, w *world, r *result) error {
	return errors.Join(syncedBefore(ctx, w, r), slowSyncs(ctx, w, r), failingSyncs(ctx, w, r))
}

// traced starts a child over SQLite under the tracer, and returns its writers.
func (w *world) traced(ctx context.Context, r *result, s spec, args func(log string) []string) (*cutting, error) {
	path, err := exec.LookPath(tracer)
	if err != nil {
		return nil, err
	}
	s.Store = w.sqlite()
	_, file, _ := strings.Cut(s.Store, ":")
	c := &cutting{w: w, r: r, writers: 1, file: file}
	c.child = &child{
		w: w, name: w.name("child"), spec: s,
		under: append([]string{path, "-f", "-qq"}, args(file+"-wal")...),
	}
	w.atEnd(c.child.kill)
	if _, err := c.child.start(ctx); err != nil {
		return nil, err
	}
	c.app, err = c.child.newApp(ctx, w.name("syncs"))
	return c, err
}

// syncedBefore has one client write: between what was last written to the log and an answer that
// says success, the log is synced.
func syncedBefore(ctx context.Context, w *world, r *result) error {
	trace := w.path("trace")
	c, err := w.traced(ctx, r, spec{Idle: true}, func(string) []string {
		return []string{"-y", "-s", "16", "-e", "trace=pwrite64,write,fsync,fdatasync", "-o", trace}
	})
	if err != nil {
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
	seen, err := readTrace(f, c.file+"-wal")
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	r.notef("%d acknowledged writes, %d syncs of the log, %d answers of success with the log not synced", len(c.writes), seen.syncs, seen.early)
	if seen.early > 0 || seen.syncs < len(c.writes) {
		r.brokef("got %d answers before the sync and %d syncs, want 0 and at least %d", seen.early, seen.syncs, len(c.writes))
	}
	return nil
}

// slow is how long each sync takes in slowSyncs.
const slow = 50 * time.Millisecond

// slowSyncs has several clients write at once, whose writes may share a sync. No answer comes in
// less time than a sync takes: one that had begun before the request does not cover it.
func slowSyncs(ctx context.Context, w *world, r *result) error {
	c, err := w.traced(ctx, r, spec{Idle: true}, func(log string) []string {
		return []string{"-P", log, "-e", "trace=fsync,fdatasync", "-e", fmt.Sprintf("inject=fsync,fdatasync:delay_enter=%d", slow.Microseconds()), "-o", w.path("trace")}
	})
	if err != nil {
		return err
	}
	const writers = 8
	var group sync.WaitGroup
	errs, shortest := make([]error, writers), make([]time.Duration, writers)
	for i := range writers {
		group.Go(func() { shortest[i], errs[i] = c.signUps(ctx, w.of(5, 50)) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	least := slices.Min(shortest)
	r.notef("with syncs of %v and %d clients at once, the quickest of %d writes took %v", slow, writers, writers*w.of(5, 50), least.Round(time.Millisecond))
	if least < slow {
		r.brokef("a write was acknowledged after %v, want at least the %v of its sync", least, slow)
	}
	return c.child.stop()
}

// signUps signs n users up and returns how long the quickest took.
func (c *cutting) signUps(ctx context.Context, n int) (shortest time.Duration, err error) {
	shortest = time.Hour
	for range n {
		p := c.credentials("sign_up", c.w.name("user")+"@example.com", password())
		began := time.Now()
		a, err := p.send(ctx, c.child.client())
		if err != nil || !a.ok() {
			return 0, errors.Join(err, unexpected(p, a))
		}
		shortest = min(shortest, time.Since(began))
	}
	return shortest, nil
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
