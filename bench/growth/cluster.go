package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is a Postgres cluster of this run's own, on loopback. It syncs each commit.
type cluster struct {
	dir  string // in which the cluster's own folder is made
	port int
	cmd  *exec.Cmd
}

// settings are all that differs from the server's defaults, apart from where it listens.
func settings() []string {
	return []string{"shared_buffers=1GB", "max_wal_size=1GB", "max_connections=100", "max_locks_per_transaction=256"}
}

// programs returns the folder of Postgres's programs. Debian keeps them out of PATH.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path)
		return filepath.Dir(path), err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("no initdb is found: install PostgreSQL")
	}
	return filepath.Dir(slices.Max(found)), nil
}

// start makes the cluster, unless it is there, and starts the server.
func (c *cluster) start(ctx context.Context) error {
	if c.cmd != nil {
		return nil
	}
	bin, err := programs()
	if err != nil {
		return err
	}
	as, err := serverUser()
	if err != nil {
		return err
	}
	home := filepath.Join(c.dir, "postgres")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	if as != nil {
		if err := errors.Join(os.Chmod(c.dir, 0o711), os.Chown(home, int(as.Uid), int(as.Gid))); err != nil { //nolint:gosec // the server's user goes through it
			return err
		}
	}
	program := func(ctx context.Context, name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...) //nolint:gosec // names of this file
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
		return cmd
	}
	data := filepath.Join(home, "data")
	if out, err := program(ctx, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.port = listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on tcp
	if err := listener.Close(); err != nil {
		return err
	}
	args := []string{"-D", data, "-p", strconv.Itoa(c.port), "-k", home, "-h", "127.0.0.1"}
	for _, s := range settings() {
		args = append(args, "-c", s)
	}
	c.cmd = program(context.WithoutCancel(ctx), "postgres", args...)
	if err := c.cmd.Start(); err != nil {
		c.cmd = nil
		return err
	}
	return c.answers(ctx)
}

// serverUser returns who runs the server: user postgres if this process is root's, whom Postgres
// refuses; else nil, this process's own.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is this process's own user
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUID, errGID)
}

func (c *cluster) dsn(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

// answers waits until the server answers.
func (c *cluster) answers(ctx context.Context) error {
	var err error
	for range 600 {
		var db *pgx.Conn
		if db, err = pgx.Connect(ctx, c.dsn("postgres")); err == nil {
			return db.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return err
}

// database makes a database with the name, and returns its DSN.
func (c *cluster) database(ctx context.Context, name string) (string, error) {
	if err := c.start(ctx); err != nil {
		return "", err
	}
	return c.dsn(name), execute(ctx, c.dsn("postgres"), "create database "+name)
}

// drop removes a database and its disk.
func (c *cluster) drop(ctx context.Context, name string) error {
	return execute(ctx, c.dsn("postgres"), "drop database "+name+" with (force)", "checkpoint")
}

// execute runs statements on a connection of its own.
func execute(ctx context.Context, dsn string, statements ...string) error {
	db, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(ctx) }() // nothing is left to lose
	for _, sql := range statements {
		if _, err := db.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// stop ends the server at once.
func (c *cluster) stop() {
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGQUIT) // its data is removed
	_ = c.cmd.Wait()
	c.cmd = nil
}
