package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
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
	for _, end := range slices.Backward(ends) {
		err = errors.Join(err, end())
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

// postgres returns the DSN of a new database: in the server that AUTHKIT_TEST_POSTGRES names or, in
// a long form or without that, in a cluster of the case's own.
func (w *world) postgres(ctx context.Context) (string, error) {
	if dsn := os.Getenv("AUTHKIT_TEST_POSTGRES"); dsn != "" && !w.long {
		return w.database(ctx, dsn)
	}
	c, err := w.cluster(ctx)
	if err != nil {
		return "", err
	}
	if err := c.start(ctx); err != nil {
		return "", err
	}
	return c.dsn(), nil
}

// database makes a database in a server, which ends with the case.
func (w *world) database(ctx context.Context, dsn string) (string, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", err
	}
	name := "faults_" + strings.ToLower(rand.Text())
	do := func(ctx context.Context, sql string) error {
		db, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, sql)
		return errors.Join(err, db.Close(ctx))
	}
	if err := do(ctx, "create database "+name); err != nil {
		return "", err
	}
	w.atEnd(func() error { return do(context.WithoutCancel(ctx), "drop database "+name+" with (force)") })
	u := url.URL{Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Path: name}
	q := url.Values{"sslmode": {"disable"}}
	if strings.HasPrefix(config.Host, "/") {
		q.Set("host", config.Host)
		q.Set("port", strconv.Itoa(int(config.Port)))
	} else {
		u.Host = net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// logFile opens a log in the world, to append to.
func (w *world) logFile(name string) (io.WriteCloser, error) {
	return os.OpenFile(filepath.Join(w.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
