package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is a Postgres cluster of the case's own, on loopback. In a long form it syncs each
// commit to the disk.
type cluster struct {
	w    *world
	bin  string
	dir  string
	name string // of its log
	port int
	// settings are given to the server, such as "synchronous_standby_names=*".
	settings []string

	mu   sync.Mutex
	cmd  *exec.Cmd
	log  io.Closer
	gone chan struct{}
}

// postgresBin returns the folder of Postgres's programs. Debian keeps them out of PATH.
func postgresBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path)
		return filepath.Dir(path), err
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/local/pgsql/bin/initdb", "/opt/homebrew/opt/postgresql*/bin/initdb"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return filepath.Dir(slices.Max(found)), nil
		}
	}
	return "", errors.New("no initdb is found: install PostgreSQL")
}

// cluster makes the data of a cluster and chooses a port.
func (w *world) cluster(ctx context.Context) (*cluster, error) {
	c, err := w.emptyCluster(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"-D", c.dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"}
	if !w.long {
		args = append(args, "--no-sync")
	}
	return c, c.tool(ctx, "initdb", args...)
}

// emptyCluster chooses a folder, which does not exist yet, and a port.
func (w *world) emptyCluster(ctx context.Context) (*cluster, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on tcp
	name := w.name("postgres")
	// The server's user makes the data in a folder that it owns.
	home := filepath.Join(w.dir, name)
	c := &cluster{w: w, bin: bin, dir: filepath.Join(home, "data"), name: name, port: port}
	err = errors.Join(listener.Close(), os.Mkdir(home, 0o700))
	if as, lookup := serverUser(); as != nil || lookup != nil {
		err = errors.Join(err, lookup)
		if err == nil {
			err = os.Chown(home, int(as.Uid), int(as.Gid))
		}
	}
	w.atEnd(c.kill)
	return c, err
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

// program returns a command of Postgres's, run by the server's user.
func (c *cluster) program(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	as, err := serverUser()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...) //nolint:gosec // the program is one of Postgres's
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	return cmd, nil
}

// tool runs one of Postgres's programs to its end.
func (c *cluster) tool(ctx context.Context, name string, args ...string) error {
	cmd, err := c.program(ctx, name, args...)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

func (c *cluster) dsn() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}

// serverPatience is how long a server may take to start, on a busy machine.
const serverPatience = time.Minute

// start starts the server and waits until it answers. The processes of a server that was killed
// may take a moment to go; until then it is tried again.
func (c *cluster) start(ctx context.Context) error {
	until := time.Now().Add(serverPatience)
	for {
		if err := c.launch(ctx); err != nil {
			return err
		}
		err := c.answers(ctx, until)
		if err == nil || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (c *cluster) launch(ctx context.Context) error {
	args := []string{"-D", c.dir, "-p", strconv.Itoa(c.port), "-k", filepath.Dir(c.dir), "-h", "127.0.0.1", "-c", "max_connections=200", "-c", "shared_buffers=64MB"}
	if !c.w.long {
		args = append(args, "-c", "fsync=off")
	}
	for _, s := range c.settings {
		args = append(args, "-c", s)
	}
	log, err := c.w.logFile(c.name)
	if err != nil {
		return err
	}
	cmd, err := c.program(context.WithoutCancel(ctx), "postgres", args...)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); _ = log.Close(); close(gone) }() // it is killed, or ends by itself; both are seen
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cmd, c.log, c.gone = cmd, log, gone
	return nil
}

// answers waits until the server answers a query. An error with time left says that it ended.
func (c *cluster) answers(ctx context.Context, until time.Time) error {
	for {
		err := c.exec(ctx, "select 1")
		if err == nil || time.Now().After(until) {
			return err
		}
		select {
		case <-c.gone:
			return fmt.Errorf("%s ended as it started", c.name)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// exec runs SQL on a connection of its own.
func (c *cluster) exec(ctx context.Context, sql string) error {
	_, err := c.query(ctx, sql)
	return err
}

// query runs SQL on a connection of its own and returns the first column of the last row.
func (c *cluster) query(ctx context.Context, sql string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	db, err := pgx.Connect(ctx, c.dsn())
	if err != nil {
		return "", err
	}
	defer func() { _ = db.Close(ctx) }() // nothing is left to lose
	results, err := db.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 || len(results[len(results)-1].Rows) == 0 {
		return "", err
	}
	return string(results[len(results)-1].Rows[0][0]), nil
}

// crash ends the server's first process by SIGKILL; the others notice and go.
func (c *cluster) crash() error { return c.end(false) }

// kill ends all processes of the server by SIGKILL, as where the machine dies: one that is stopped
// does nothing more.
func (c *cluster) kill() error { return c.end(true) }

func (c *cluster) end(all bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return nil
	}
	children := c.children()
	_ = c.cmd.Process.Kill() // it may have ended already
	for _, pid := range children {
		if all {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended already
		}
	}
	<-c.gone
	c.cmd = nil
	return nil
}

// signal sends a signal to every process of the server.
func (c *cluster) signal(s syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.cmd.Process.Signal(s)
	for _, pid := range c.children() {
		if e := syscall.Kill(pid, s); !errors.Is(e, syscall.ESRCH) { // it has ended
			err = cmp.Or(err, e)
		}
	}
	return err
}

// children returns the processes that the server's first one has started. They are read from
// /proc.
func (c *cluster) children() []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var out []int
	for _, path := range stats {
		text, _ := os.ReadFile(path) // the process may have ended
		_, after, _ := strings.Cut(string(text), ") ")
		state := strings.Fields(after)
		if len(state) > 1 && state[1] == strconv.Itoa(c.cmd.Process.Pid) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))) // a number, by the pattern
			out = append(out, pid)
		}
	}
	return out
}
