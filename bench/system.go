package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// A system is what is measured: a server, its store full of users, and how to ask it.
type system interface {
	// common returns the part that every system has.
	common() *base

	// start starts the server for the first time and fills its store: one user signs up, whose
	// rows are then copied.
	start(ctx context.Context, p *place) error

	// prepare returns the step of an operation for so many workers. Signing them in is no part
	// of what is measured.
	prepare(op string, workers int) (step, error)
}

// base is the process of a system, and its mail.
type base struct {
	name         string
	usesPostgres bool
	folder       string // its own, removed with the place
	addr         string
	probe        string // a path that answers 200 once the server serves
	command      []string
	env          []string
	dir          string // where the command runs; empty: folder
	sink         *sink

	users    int // in the store
	next     atomic.Int64
	mails    atomic.Int64 // asked for
	linkRate float64      // of the last cell of magic-link requests
	process  *exec.Cmd
	output   *os.File
	ended    chan struct{}
}

func (b *base) common() *base { return b }

// asked is how many mails are owed in all.
func (b *base) asked() int { return int(b.mails.Load()) }

// newBase makes the folder, the port and the sink of a system.
func newBase(ctx context.Context, p *place, name, links string) (*base, error) {
	b := &base{name: name, folder: filepath.Join(p.folder, name), users: p.o.Users, probe: "/", linkRate: 2000}
	if err := os.MkdirAll(b.folder, 0o755); err != nil { //nolint:gosec // a temporary folder
		return b, err
	}
	var err error
	if b.addr, err = freeAddr(ctx); err != nil {
		return b, err
	}
	b.sink, err = newSink(ctx, links)
	return b, err
}

// freeAddr lets the kernel choose a port.
func freeAddr(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// launch starts the process and waits for its first answer.
func (b *base) launch(ctx context.Context) error {
	if err := b.exec(ctx); err != nil {
		return err
	}
	c := newClient(b.addr)
	defer c.close()
	for give := time.Now().Add(60 * time.Second); ; {
		a, err := c.do("GET", b.probe, "", "")
		if err == nil && a.status == 200 {
			return nil
		}
		select {
		case <-b.ended:
			return fmt.Errorf("%s ended while it started:\n%s", b.name, b.tail())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(give) {
			return errors.Join(err, fmt.Errorf("%s does not answer GET %s:\n%s", b.name, b.probe, b.tail()))
		}
	}
}

func (b *base) exec(ctx context.Context) error {
	var err error
	if b.output, err = os.OpenFile(filepath.Join(b.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600); err != nil {
		return err
	}
	b.process = exec.CommandContext(context.WithoutCancel(ctx), b.command[0], b.command[1:]...) //nolint:gosec // stop ends it
	b.process.Dir, b.process.Env = b.dir, append(os.Environ(), b.env...)
	if b.dir == "" {
		b.process.Dir = b.folder
	}
	b.process.Stdout, b.process.Stderr = b.output, b.output
	if err := b.process.Start(); err != nil {
		return err
	}
	ended, process := make(chan struct{}), b.process
	go func() {
		_ = process.Wait() // stop, or launch, sees that it ended
		close(ended)
	}()
	b.ended = ended
	return nil
}

// tail returns the end of what the process wrote.
func (b *base) tail() string {
	text, _ := os.ReadFile(filepath.Join(b.folder, "log")) // for a message only
	return string(text[max(0, len(text)-2000):])
}

func (b *base) pid() int { return b.process.Process.Pid }

// sleep stops the process where it is, so that what it does in the background burdens no other
// system's cells. Wake lets it go on.
func (b *base) sleep() { _ = b.process.Process.Signal(syscall.SIGSTOP) }

func (b *base) wake() error { return b.process.Process.Signal(syscall.SIGCONT) }

// stop ends the process, by force after five seconds.
func (b *base) stop() {
	if b.process == nil || b.process.Process == nil {
		return
	}
	_ = b.wake()                                  // it may have ended by itself
	_ = b.process.Process.Signal(syscall.SIGTERM) // likewise
	select {
	case <-b.ended:
	case <-time.After(5 * time.Second):
		_ = b.process.Process.Kill()
		<-b.ended
	}
	_ = b.output.Close()
}

// password is that of every user.
const password = "correct horse battery staple 9"

// email returns the address of a user, from 0 on. All addresses have one length.
func email(n int) string { return fmt.Sprintf("user%06d@example.com", n) }

// nextEmail walks through all users, round and round.
func (b *base) nextEmail() string { return email(int(b.next.Add(1)) % b.users) }

// newEmail returns an address that no user has.
func (b *base) newEmail(w *worker) string { return fmt.Sprintf("new%016x@example.com", w.rng.Uint64()) }

// newSystem makes the system of a name.
func newSystem(ctx context.Context, p *place, name string) (system, error) {
	switch name {
	case "authkit-postgres", "authkit-sqlite":
		return newAuthkit(ctx, p, name)
	case "yardstick":
		return newYardstick(ctx, p)
	case "gotrue":
		return newGotrue(ctx, p)
	case "better-auth-postgres", "better-auth-sqlite":
		return newBetterAuth(ctx, p, name)
	case "pocketbase":
		return newPocketbase(ctx, p)
	}
	return nil, fmt.Errorf("there is no system %q", name)
}

// startSystems starts the systems that have cells to measure, one after the other.
func startSystems(ctx context.Context, p *place, todo []cell) (map[string]system, error) {
	systems := map[string]system{}
	for _, c := range todo {
		if systems[c.System] != nil {
			continue
		}
		begun := time.Now()
		s, err := newSystem(ctx, p, c.System)
		if err != nil {
			return systems, fmt.Errorf("%s: %w", c.System, err)
		}
		systems[c.System] = s
		if err := s.start(ctx, p); err != nil {
			return systems, fmt.Errorf("start %s: %w\n%s", c.System, err, s.common().tail())
		}
		s.common().sleep()
		fmt.Printf("%s is ready with %d users after %s\n", c.System, p.o.Users, time.Since(begun).Round(time.Second/10))
	}
	return systems, nil
}
