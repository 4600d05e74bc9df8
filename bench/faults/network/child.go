package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/authkittest"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/mail/smtp"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// childEnv holds the plan of a child process.
const childEnv = "AUTHKIT_FAULTS_NETWORK"

// secret seals the data of a run, which holds nothing of value.
var secret = []byte("only measured, it keeps nothing.")

// plan says what a child serves.
type plan struct {
	Store    string        // memory, or the path of an SQLite file
	Relay    string        // address of the mail relay; empty: mail is dropped
	SendWait time.Duration // how long one mail may take
	Apps     int           // made at the start
	Limits   authkit.LimitConfig
	Password authkit.PasswordConfig // cost of hashes
	Tokens   authkit.TokenConfig
	Speed    float64 // of the clock; 0: 1
}

// noLimits turns the limits off, so that nothing but the fault decides.
var noLimits = authkit.LimitConfig{InsecureOff: true}

// greeting is what a child writes once it serves.
type greeting struct {
	URL  string
	Apps []uuid.UUID
}

// Child serves and ends the process if it was started as a child of a case. Otherwise it
// returns at once.
func Child() {
	text := os.Getenv(childEnv)
	if text == "" {
		return
	}
	debug.SetGCPercent(75) // as authkit serve does
	var p plan
	err := json.Unmarshal([]byte(text), &p) //nolint:musttag // both ends are this program
	if err == nil {
		err = p.serve(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child is the engine of a child process with what measures it. It serves the engine, and below
// /test/ paths that read its state and move its clock.
type child struct {
	engine *authkit.Engine
	store  authkit.Store
	file   string // of SQLite; may be empty
	clock  *clock
	apps   []uuid.UUID

	hashed  atomic.Int64 // passwords that were compared
	conns   atomic.Int64 // open connections
	serving atomic.Int64 // requests in progress

	mu     sync.Mutex
	status map[int]int64 // answers by status
}

// serve listens, greets the parent, and serves until standard input ends, which it does when the
// parent ends.
func (p plan) serve(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c, closeStore, err := p.open(ctx, "http://"+listener.Addr().String())
	if err != nil {
		return err
	}
	defer closeStore()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var background sync.WaitGroup
	background.Go(func() { _ = c.engine.Run(ctx) }) // it logs, and returns nil
	server := &http.Server{
		Handler: c.handler(), ConnState: c.count, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	background.Go(func() { _ = server.Serve(listener) }) // until Close
	hello := greeting{"http://" + listener.Addr().String(), c.apps}
	if err := json.NewEncoder(os.Stdout).Encode(hello); err != nil { //nolint:musttag // as above
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // any end of it is the end
	stop()
	err = server.Close()
	background.Wait()
	return err
}

// open makes the engine and its apps.
func (p plan) open(ctx context.Context, base string) (*child, func(), error) {
	c := &child{status: map[int]int64{}, clock: newClock(p.Speed)}
	closeStore := func() {}
	if p.Store == "memory" {
		c.store = memory.New()
	} else {
		s, err := sqlite.Open(ctx, p.Store)
		if err != nil {
			return nil, nil, err
		}
		c.store, c.file, closeStore = s, p.Store, func() { _ = s.Close() }
	}
	mailer, err := p.mailer()
	if err != nil {
		return nil, nil, err
	}
	c.store = authkittest.Timed(c.store, c.clock.now)
	c.engine, err = authkit.New(authkit.Config{
		Store: c.store, BaseURL: base, Mailer: mailer, MailFrom: "no-reply@authkit.example", Secrets: [][]byte{secret}, Now: c.clock.now,
		Password: p.Password, Tokens: p.Tokens, Limits: p.Limits, Observer: c.observe,
		Logger:                         slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		TrustedProxies:                 []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Developers:                     func(*http.Request) (string, time.Time, error) { return "", time.Time{}, errors.New("there are none") },
		InsecureAllowLoopbackProviders: true,
	})
	if err != nil {
		return nil, nil, err
	}
	for i := range p.Apps {
		app, err := c.engine.EnsureApp(ctx, developer, fmt.Sprint("House ", i))
		if err != nil {
			return nil, nil, err
		}
		c.apps = append(c.apps, app.ID)
		patch := authkit.AppPatch{VerifyEmail: new(authkit.VerifyEmailOff)} // a sign-up mails nothing by itself
		if _, err := c.engine.ChangeApp(ctx, authkit.AppRef{Developer: developer, ID: app.ID}, patch); err != nil {
			return nil, nil, err
		}
	}
	return c, closeStore, nil
}

// developer owns the apps of a child.
const developer = "bench"

func (p plan) mailer() (mail.Mailer, error) {
	if p.Relay == "" {
		return discard{}, nil
	}
	return smtp.New(smtp.Config{Addr: p.Relay, TLS: smtp.Opportunistic, Timeout: p.SendWait, LocalName: "authkit.example"})
}

// discard is a mailer that drops each mail.
type discard struct{}

func (discard) Send(context.Context, mail.Message) error { return nil }

// observe counts the passwords that were compared: those of refused and of successful sign-ins.
func (c *child) observe(e authkit.Event) {
	wrong := e.Type == authkit.EventSessionStart && e.Reason == string(authkit.CodeInvalidCredentials)
	right := e.Type == authkit.EventSessionStart && e.Result == "ok" && strings.HasPrefix(e.Reason, authkit.MethodCredentials)
	if wrong || right {
		c.hashed.Add(1)
	}
}

// count counts open connections.
func (c *child) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		c.conns.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}
