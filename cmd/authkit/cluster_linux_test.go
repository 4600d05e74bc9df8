package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// initdb returns the path of initdb, with the other programs of a Postgres server beside it, or
// "" without a server. Debian keeps them out of PATH, which may have links to some.
func initdb() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

// cluster is a Postgres server for one test, which may stop or break it.
type cluster struct {
	t      *testing.T
	bin    string
	dir    string
	addr   string
	as     *syscall.Credential // nil: the user who runs the test
	server *exec.Cmd
}

func newCluster(t *testing.T, initdb string) *cluster {
	t.Helper()
	c := emptyCluster(t, initdb)
	c.run("initdb", "-D", c.dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	c.start()
	return c
}

// emptyCluster returns a cluster with a folder and an address, without data.
func emptyCluster(t *testing.T, initdb string) *cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "authkit") //nolint:usetesting // t.TempDir lets no other user in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &cluster{t: t, bin: filepath.Dir(initdb), dir: dir}
	if os.Getuid() == 0 { // Postgres refuses to run as root
		c.become("postgres")
	}
	var lc net.ListenConfig
	free, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.addr = free.Addr().String()
	_ = free.Close()
	t.Cleanup(c.kill)
	return c
}

// run runs one of the server's programs and waits for its end.
func (c *cluster) run(program string, args ...string) {
	c.t.Helper()
	if out, err := c.command(filepath.Join(c.bin, program), args...).CombinedOutput(); err != nil {
		c.t.Fatalf("%s: got %v, %s", program, err, out)
	}
}

func (c *cluster) become(name string) {
	c.t.Helper()
	who, err := user.Lookup(name)
	if err != nil {
		c.t.Fatal(err)
	}
	uid, err1 := strconv.ParseUint(who.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(who.Gid, 10, 32)
	if err1 != nil || err2 != nil {
		c.t.Fatal(err1, err2)
	}
	if err := os.Chown(c.dir, int(uid), int(gid)); err != nil {
		c.t.Fatal(err)
	}
	c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// command returns a command for one of the server's programs, which ends with the test.
func (c *cluster) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = c.dir, []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	return cmd
}

func (c *cluster) dsn() string { return "postgres://postgres@" + c.addr + "/postgres?sslmode=disable" }

func (c *cluster) port() string { _, port, _ := net.SplitHostPort(c.addr); return port }

// start starts the server and waits until it answers.
func (c *cluster) start() {
	c.t.Helper()
	c.server = c.command(filepath.Join(c.bin, "postgres"), "-D", c.dir+"/data", "-p", c.port(), "-k", c.dir, "-h", "127.0.0.1", "-c", "fsync=off")
	if err := c.server.Start(); err != nil {
		c.t.Fatal(err)
	}
	for give := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
		conn, err := pgx.Connect(c.t.Context(), c.dsn())
		if err == nil {
			_ = conn.Close(c.t.Context())
			return
		}
		if time.Now().After(give) {
			c.t.Fatalf("Postgres: got %v", err)
		}
	}
}

// stop ends the server without waiting for its clients, as an operator does (fast shutdown).
func (c *cluster) stop() {
	c.t.Helper()
	if err := c.server.Process.Signal(syscall.SIGINT); err != nil {
		c.t.Fatal(err)
	}
	if err := c.server.Wait(); err != nil {
		c.t.Errorf("the end of Postgres: got %v", err)
	}
	c.server = nil
}

// kill ends the server, if the test has not.
func (c *cluster) kill() {
	if c.server == nil {
		return
	}
	c.signal(syscall.SIGCONT)
	_ = c.server.Process.Signal(syscall.SIGQUIT)
	_ = c.server.Wait()
}

func (c *cluster) freeze() { c.signal(syscall.SIGSTOP) }
func (c *cluster) thaw()   { c.signal(syscall.SIGCONT) }

// signal signals the server and each of its processes. The server comes first: once it has
// stopped, it starts no new process.
func (c *cluster) signal(s syscall.Signal) {
	pid := c.server.Process.Pid
	_ = syscall.Kill(pid, s)
	for _, child := range c.children() {
		_ = syscall.Kill(child, s)
	}
}

func (c *cluster) children() (pids []int) {
	pid := c.server.Process.Pid
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		c.t.Error(err)
	}
	for field := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// crash kills the server and all of its processes at once, as a failure of the machine does.
func (c *cluster) crash() {
	c.freeze()
	for _, child := range c.children() {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	_ = c.server.Process.Kill()
	_ = c.server.Wait()
	c.server = nil
}
