package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a process that serves authkit. It can be killed and started again, at the same
// address. Its methods may be called while others send requests to it.
type child struct {
	w    *world
	name string // of its log
	spec spec

	under []string // the program that starts it, with arguments; empty: this one

	mu    sync.Mutex
	cmd   *exec.Cmd
	stdin io.Closer
	log   io.Closer
	gone  chan struct{} // closed once the process has ended
}

// readyPatience is how long a child may take to start, on a busy machine.
const readyPatience = time.Minute

// child starts a child, and waits until it is ready.
func (w *world) child(ctx context.Context, s spec) (*child, error) {
	c := &child{w: w, name: w.name("child"), spec: s}
	w.atEnd(c.kill)
	_, err := c.start(ctx)
	return c, err
}

// start starts the process and returns how long it took until /readyz answered 200.
func (c *child) start(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := c.launch(ctx); err != nil {
		return 0, err
	}
	for {
		if _, err := c.ready(ctx); err == nil {
			return time.Since(began), nil
		} else if time.Since(began) > readyPatience {
			return 0, fmt.Errorf("%s is not ready: %w", c.name, err)
		}
		select {
		case <-c.gone:
			return 0, fmt.Errorf("%s ended as it started; see its log: %s", c.name, c.lastLog())
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// launch starts the process and waits until it listens. Its own address is kept from then on.
func (c *child) launch(ctx context.Context) error {
	text, err := json.Marshal(c.spec)
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := c.w.logFile(c.name)
	if err != nil {
		return err
	}
	line := append(slices.Clone(c.under), exe)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), line[0], line[1:]...) //nolint:gosec // it is this program
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	gone := make(chan struct{})
	c.mu.Lock()
	c.cmd, c.stdin, c.log, c.gone = cmd, stdin, log, gone
	c.mu.Unlock()
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	go func() { _ = cmd.Wait(); close(gone) }() // it is killed, or ends by itself; both are seen
	if err != nil {
		return fmt.Errorf("%s did not listen: %w; see its log: %s", c.name, err, c.lastLog())
	}
	if c.spec.Addr == "" { // later, others read it meanwhile
		c.spec.Addr = strings.TrimSpace(addr)
	}
	return nil
}

// ready asks /readyz. It returns the answer, and an error unless that is 200.
func (c *child) ready(ctx context.Context) (answer, error) {
	a, err := c.client().get(ctx, "/readyz")
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("/readyz answered %v", a)
	}
	return a, err
}

// kill ends the process by SIGKILL, as at a crash, and waits until it has gone.
func (c *child) kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return nil
	}
	_ = c.cmd.Process.Kill() // it may have ended already
	<-c.gone
	err := c.log.Close()
	c.cmd = nil
	return err
}

// stop lets the process end by itself, and waits until it has gone.
func (c *child) stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.stdin.Close()
	<-c.gone
	c.cmd = nil
	return errors.Join(err, c.log.Close())
}

// pid is the process's id.
func (c *child) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cmd.Process.Pid
}

// freeze stops the process where it is, until f has returned.
func (c *child) freeze(f func() error) error {
	pid := c.pid()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	for !stopped(pid) {
		time.Sleep(100 * time.Microsecond)
	}
	return errors.Join(f(), syscall.Kill(pid, syscall.SIGCONT))
}

// stopped reports whether every thread of a process has stopped. One that writes to the disk ends
// its call first.
func stopped(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid)) // the pattern is valid
	for _, path := range stats {
		text, _ := os.ReadFile(path) // a thread that has ended has stopped
		_, after, found := strings.Cut(string(text), ") ")
		if found && !strings.HasPrefix(after, "T") {
			return false
		}
	}
	return true
}

// client returns a client of this child.
func (c *child) client() *client { return newClient("http://" + c.spec.Addr) }

// skew changes the clock of the process, by so much against the machine's.
func (c *child) skew(ctx context.Context, by time.Duration) error {
	return c.control(ctx, "/faults/skew?by="+by.String())
}

// runOnce makes the process do its background work once.
func (c *child) runOnce(ctx context.Context) error { return c.control(ctx, "/faults/run") }

func (c *child) control(ctx context.Context, path string) error {
	a, err := c.client().post(ctx, path, nil)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("%s answered %v", path, a)
	}
	return err
}

// lastLog returns the end of the log.
func (c *child) lastLog() string {
	all, _ := os.ReadFile(c.w.dir + "/" + c.name + ".log") // without it there is nothing to show
	return string(all[max(0, len(all)-600):])
}
