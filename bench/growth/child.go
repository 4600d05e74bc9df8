package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// secret seals the data of each run.
var secret = []byte("only measured, it keeps nothing.")

// childStore is the variable that makes this program a server of authkit.
const childStore = "AUTHKIT_GROWTH_STORE"

// The smallest hash: what is measured is all but it.
const (
	hashKiB  = 8
	hashTime = 1
)

// config is that of every engine here. Limits are on and so high that none is reached; each
// request names another peer. Mails are dropped once they would be sent.
func config(store authkit.Store) authkit.Config {
	return authkit.Config{
		Store: store, BaseURL: "http://localhost:8080", Mailer: dropped{}, Secrets: [][]byte{secret}, Logger: slog.New(slog.DiscardHandler),
		Password:       authkit.PasswordConfig{MemoryKiB: hashKiB, Time: hashTime},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Limits: authkit.LimitConfig{
			Credentials: "1000000/m/ip, 1000000/m/email", SignUp: "1000000/m/ip", Mail: "1000000/h/email, 1000000/h/ip", OAuth: "1000000/m/ip", User: "1000000/m",
			DeveloperMail: -1,
		},
		Developers: func(*http.Request) (string, time.Time, error) { return "", time.Time{}, nil },
	}
}

// dropped is a mailer that sends no mail.
type dropped struct{}

func (dropped) Send(context.Context, mail.Message) error { return nil }

// closer is a store that can be closed.
type closer interface {
	authkit.Store
	io.Closer
}

// open opens sqlite:FILE or a Postgres URL.
func open(ctx context.Context, at string) (closer, error) {
	if file, ok := strings.CutPrefix(at, "sqlite:"); ok {
		return sqlite.Open(ctx, file)
	}
	return postgres.Open(ctx, at)
}

// serveIfChild serves, and does not return, where the environment says so. It writes its address to
// stdout, and ends with SIGTERM.
func serveIfChild() {
	at := os.Getenv(childStore)
	if at == "" {
		return
	}
	if err := serve(at); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serve(at string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	store, err := open(ctx, at)
	if err != nil {
		return err
	}
	engine, err := authkit.New(config(store))
	if err != nil {
		return errors.Join(err, store.Close())
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, store.Close())
	}
	server := &http.Server{Handler: engine.Handler(), ReadHeaderTimeout: 5 * time.Second}
	fmt.Println(listener.Addr())
	go func() { _ = server.Serve(listener) }() // it ends with Close below
	err = engine.Run(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, server.Close(), store.Close())
}

// server is a child process.
type server struct {
	cmd  *exec.Cmd
	base string
}

// startServer starts a child and waits for its address.
func startServer(ctx context.Context, at string) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program) //nolint:gosec // this program itself
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env = append(os.Environ(), childStore+"="+at)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var addr string
	if _, err := fmt.Fscanln(out, &addr); err != nil {
		return nil, errors.Join(fmt.Errorf("a child has ended: %w", err), cmd.Wait())
	}
	return &server{cmd, "http://" + addr}, nil
}

// stop ends the child.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	return s.cmd.Wait()
}
