package postgres_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
)

// pgbouncer is the path of the program; empty: it is not installed. In Debian it is not in an
// ordinary user's PATH.
func pgbouncer() string {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// pooled starts a pgbouncer in transaction mode in front of a new database, with fewer
// connections than callers, and returns a DSN as a hosting company gives it.
func pooled(t *testing.T, program string) string {
	t.Helper()
	to, err := url.Parse(os.Getenv("AUTHKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	admin := connect(t, to.String())
	name := fmt.Sprintf("pooled_%d_%d", os.Getpid(), made.Add(1))
	if _, err := admin.Exec(t.Context(), "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(), "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	var lc net.ListenConfig
	free, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	_, port, _ := net.SplitHostPort(addr)
	config := fmt.Sprintf(`[databases]
%s = host=%s port=%s user=%s%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
auth_type = any
pool_mode = transaction
default_pool_size = 4
unix_socket_dir =
`, name, to.Hostname(), to.Port(), to.User.Username(), password(to), port)
	run(t, program, config)
	dsn := "postgres://" + to.User.Username() + "@" + addr + "/" + name + "?sslmode=disable"
	for give := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
		c, err := pgx.Connect(t.Context(), dsn)
		if err == nil {
			_ = c.Close(t.Context())
			return dsn
		}
		if time.Now().After(give) {
			t.Fatalf("pgbouncer: got %v", err)
		}
	}
}

// password returns the password of a connection string; it must not be empty.
func password(u *url.URL) string {
	if p, ok := u.User.Password(); ok && p != "" {
		return " password='" + strings.ReplaceAll(p, "'", "''") + "'"
	}
	return ""
}

// run runs the program, which refuses to run as root, until the test ends.
func run(t *testing.T, program, config string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "authkit") //nolint:usetesting // t.TempDir lets no other user in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, file)
	if os.Getuid() == 0 {
		const id = 65534 // owns nothing, by convention
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// TestAPoolerInTransactionModeLosesNothing gives a plain DSN to Open. Many concurrent callers then
// use statements that another session has prepared.
func TestAPoolerInTransactionModeLosesNothing(t *testing.T) {
	t.Parallel()
	program := pgbouncer()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" || program == "" {
		return
	}
	dsn := pooled(t, program)
	s, err := postgres.Open(t.Context(), dsn+"&pool_max_conns=12", postgres.WithPatience(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	app := newApp(t, s)
	now := time.Unix(1_700_000_000, 0)
	var callers sync.WaitGroup
	for range 12 {
		callers.Go(func() {
			for range 20 {
				u := authkit.User{App: app, ID: uuid.New(), Email: uuid.NewString() + "@example.com", CreatedAt: now}
				if _, err := s.CreateUser(t.Context(), authkit.NewUser{Now: now, User: u}); err != nil {
					t.Errorf("CreateUser: got %v", err)
				}
				if _, err := s.Account(t.Context(), app, authkit.AccountKey{ID: u.ID}); err != nil {
					t.Errorf("Account: got %v", err)
				}
			}
		})
	}
	callers.Wait()
}

// The pool of a host cannot be switched over: the error says what to do.
func TestTheErrorOfAHostsPoolBehindAPoolerSaysWhatToDo(t *testing.T) {
	t.Parallel()
	program := pgbouncer()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" || program == "" {
		return
	}
	pool, err := pgxpool.New(t.Context(), pooled(t, program)+"&pool_max_conns=12")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	var told error
	s, told := postgres.New(t.Context(), pool, postgres.WithPatience(time.Minute))
	for range 100 {
		var callers sync.WaitGroup
		var mu sync.Mutex
		for range 12 {
			callers.Go(func() {
				if _, err := s.App(t.Context(), uuid.New()); err != nil && !strings.Contains(err.Error(), "not found") {
					mu.Lock()
					defer mu.Unlock()
					told = err
				}
			})
		}
		if callers.Wait(); told != nil {
			break
		}
	}
	if told == nil || !strings.Contains(told.Error(), "put default_query_exec_mode=exec into the DSN") {
		t.Errorf("got %v, want an error that names default_query_exec_mode=exec", told)
	}
}
