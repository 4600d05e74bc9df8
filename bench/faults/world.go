package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// world is where one case runs: a temporary folder, a post office, a provider on demand, and
// every process that the case has started. close ends and removes all of them.
type world struct {
	dir  string
	long bool
	keep bool // the folder
	soak time.Duration
	post *postOffice

	serial atomic.Int64 // of names
	mu     sync.Mutex
	ends   []func() error // in the order of their start
}

func newWorld(long bool) (*world, error) {
	dir, err := os.MkdirTemp("", "authkit-faults-")
	if err != nil {
		return nil, err
	}
	// Postgres may run as another user.
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the secrets in it are those of a test
		return nil, err
	}
	w := &world{dir: dir, long: long}
	w.post, err = newPostOffice()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	w.atEnd(w.post.close)
	return w, nil
}

// atEnd makes close call f, before what was given earlier.
func (w *world) atEnd(f func() error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = append(w.ends, f)
}

func (w *world) close() error {
	w.mu.Lock()
	ends := w.ends
	w.ends = nil
	w.mu.Unlock()
	var err error
	for i := len(ends) - 1; i >= 0; i-- {
		err = errors.Join(err, ends[i]())
	}
	if w.keep {
		_, _ = fmt.Fprintln(os.Stderr, "kept:", w.dir) // standard error is all there is
		return err
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}

// name returns a new name that begins with the word.
func (w *world) name(word string) string { return fmt.Sprintf("%s%d", word, w.serial.Add(1)) }

// path returns the path of a new file or folder in the world.
func (w *world) path(word string) string { return filepath.Join(w.dir, w.name(word)) }

// sqlite returns the spec of a store in a new file.
func (w *world) sqlite() string { return "sqlite:" + w.path("sqlite") }

// of returns short or, in a long form, long.
func (w *world) of(short, long int) int {
	if w.long {
		return long
	}
	return short
}

// patience is how long a case waits for one mail. A process that is killed while it sends a mail
// leaves it claimed for a minute. A short form does not wait that long, and asks again.
func (w *world) patience() time.Duration {
	if w.long {
		return 2 * time.Minute
	}
	return 2 * time.Second
}

// postgres starts a cluster for the case and returns the DSN of its database.
func (w *world) postgres(ctx context.Context) (string, error) {
	c, err := w.cluster(ctx)
	if err != nil {
		return "", err
	}
	if err := c.start(ctx); err != nil {
		return "", err
	}
	return c.dsn(), nil
}

// logFile opens a log in the world, to append to.
func (w *world) logFile(name string) (io.WriteCloser, error) {
	return os.OpenFile(filepath.Join(w.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
