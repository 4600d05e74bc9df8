package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testclock"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// childVariable holds the spec of a child. A process that has it is a child.
const childVariable = "AUTHKIT_FAULTS_CHILD"

// spec says how a child serves.
type spec struct {
	Store    string        `json:"store"`    // memory, sqlite:FILE or postgres://…
	Patience time.Duration `json:"patience"` // of the Postgres store; 0: its default
	Addr     string        `json:"addr"`     // to listen on; "": a port of the kernel's choice
	Mail     string        `json:"mail"`     // the URL of a post office; "": mail is dropped
	Skew     time.Duration `json:"skew"`     // of the clock, in whole seconds; [child.skew] changes it later
	Idle     bool          `json:"idle"`     // Engine.Run is not running
}

// secret seals the data of every child, so that each can open what another wrote.
var secret = []byte("only breaks things, keeps nothing")[:32]

// baseURL is the same for all children: links and issuers are built from it.
const baseURL = "http://127.0.0.1"

// developerHeader names the developer of a request. Any one is taken.
const developerHeader = "X-Developer"

// serveIfChild serves, and does not return, if the process is a child.
func serveIfChild() {
	text := os.Getenv(childVariable)
	if text == "" {
		return
	}
	if err := serve(context.Background(), text); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve runs an engine as the spec says, until standard input ends: a child does not outlive its
// parent.
func serve(ctx context.Context, text string) error {
	var s spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	store, err := s.open(ctx)
	if err != nil {
		return err
	}
	var skew atomic.Int64
	skew.Store(int64(s.Skew))
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	engine, err := s.engine(store, log, func() time.Time { return testclock.Set(time.Now(), time.Duration(skew.Load())) })
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cmp.Or(s.Addr, "127.0.0.1:0"))
	if err != nil {
		return err
	}
	if !s.Idle {
		go func() { _ = engine.Run(ctx) }() // it logs, and returns nil
	}
	mux := http.NewServeMux()
	mux.Handle("/", engine.Handler())
	control(mux, engine, &skew)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // it ends with the process
	if _, err := fmt.Println(listener.Addr()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// control adds the endpoints for the parent alone, which are not authkit's.
func control(mux *http.ServeMux, engine *authkit.Engine, skew *atomic.Int64) {
	mux.HandleFunc("POST /faults/skew", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.URL.Query().Get("by"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		skew.Store(int64(d))
	})
	mux.HandleFunc("POST /faults/run", func(w http.ResponseWriter, r *http.Request) {
		if err := engine.RunOnce(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

func (s spec) open(ctx context.Context) (authkit.Store, error) {
	kind, at, _ := strings.Cut(s.Store, ":")
	switch kind {
	case "memory":
		return memory.New(), nil
	case "sqlite":
		return sqlite.Open(ctx, at)
	case "postgres", "postgresql":
		if s.Patience != 0 {
			return postgres.Open(ctx, s.Store, postgres.WithPatience(s.Patience))
		}
		return postgres.Open(ctx, s.Store)
	}
	return nil, fmt.Errorf("store is %q: give memory, sqlite:FILE or postgres://…", s.Store)
}

func (s spec) engine(store authkit.Store, log *slog.Logger, now func() time.Time) (*authkit.Engine, error) {
	return authkit.New(authkit.Config{
		Store: store, BaseURL: baseURL, Mailer: postman(s.Mail), Secrets: [][]byte{secret}, Now: now,
		Logger: log, Developers: byHeader, InsecureAllowLoopbackProviders: true,
		// What a case measures is neither the cost of passwords nor the limits.
		Password: authkit.PasswordConfig{MemoryKiB: 8, Time: 1}, Limits: authkit.LimitConfig{InsecureOff: true},
	})
}

func byHeader(r *http.Request) (string, time.Time, error) {
	id := r.Header.Get(developerHeader)
	if id == "" {
		return "", time.Time{}, errors.New("no developer is named")
	}
	return id, time.Now(), nil
}

// postman delivers to the post office at a URL; to none if it is empty.
type postman string

func (p postman) Send(ctx context.Context, m mail.Message) error {
	if p == "" {
		return nil
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, string(p), bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		return errors.Join(err, fmt.Errorf("the post office answered %s", res.Status))
	}
	return nil
}
