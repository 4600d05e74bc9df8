package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// secret seals the data of each run, so that a later run over the same store can open it.
var secret = []byte("only measured, it keeps nothing.")

// openStore opens memory, sqlite:FILE or postgres://….
func openStore(ctx context.Context, name string) (authkit.Store, func(), error) {
	kind, at, _ := strings.Cut(name, ":")
	switch kind {
	case "memory":
		return memory.New(), func() {}, nil
	case "sqlite":
		s, err := sqlite.Open(ctx, at)
		if err != nil {
			return nil, nil, err
		}
		return s, closing(s), nil
	case "postgres", "postgresql":
		s, err := postgres.Open(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		return s, closing(s), nil
	}
	return nil, nil, fmt.Errorf("store is %q: give memory, sqlite:FILE or postgres://…", name)
}

// closing returns a function that closes a store and ignores its error.
func closing(s io.Closer) func() { return func() { _ = s.Close() } }

// watched is a store that records whether [authkit.Engine.Run] is working, so that the work that
// one request leaves is not measured with the next one.
type watched struct {
	authkit.Store

	mail    atomic.Int64 // how many mails wait to be sent
	working atomic.Bool
}

// Put counts its mails as waiting.
func (w *watched) Put(ctx context.Context, p authkit.Put) error {
	w.mail.Add(int64(len(p.Riders.Mail)))
	return w.Store.Put(ctx, p)
}

// ClaimMail begins each turn of Run, and ends it once there is no more mail.
func (w *watched) ClaimMail(ctx context.Context, c authkit.MailClaim) ([]authkit.Mail, error) {
	w.working.Store(true)
	mails, err := w.Store.ClaimMail(ctx, c)
	w.working.Store(len(mails) > 0)
	return mails, err
}

// SettleMail counts the mails that are done as sent.
func (w *watched) SettleMail(ctx context.Context, mails []authkit.Settled) error {
	err := w.Store.SettleMail(ctx, mails)
	for _, m := range mails {
		if m.Done {
			w.mail.Add(-1)
		}
	}
	return err
}

// settle waits until no mail waits and Run is idle.
func (w *watched) settle(ctx context.Context) error {
	until := time.Now().Add(10 * time.Second)
	for quiet := 0; quiet < 3; quiet++ {
		time.Sleep(100 * time.Microsecond)
		if w.mail.Load() > 0 || w.working.Load() {
			quiet = 0
		}
		if time.Now().After(until) {
			return errors.New("the outbox does not get empty")
		}
	}
	return ctx.Err()
}

// site is an engine on a real listener, with one app.
type site struct {
	engine *authkit.Engine
	cheap  *authkit.Engine // over the same store, with cheap hashes, to make users quickly
	store  *watched
	app    authkit.App
	addr   string
	close  func()
}

// discard is a mailer that drops each mail.
type discard struct{}

func (discard) Send(context.Context, mail.Message) error { return nil }

// newSite makes an app for a flow and serves it.
func newSite(ctx context.Context, store authkit.Store, f flow) (*site, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{store: &watched{Store: store}, addr: listener.Addr().String()}
	cfg := authkit.Config{
		Store: s.store, BaseURL: "http://" + s.addr, Mailer: discard{}, Secrets: [][]byte{secret},
		Logger: slog.New(slog.DiscardHandler), Limits: f.limits,
		Developers: func(*http.Request) (string, time.Time, error) { return "", time.Time{}, errors.New("there are none") },
	}
	if s.engine, err = authkit.New(cfg); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	cfg.Password, cfg.Limits = authkit.PasswordConfig{MemoryKiB: 8, Time: 1}, authkit.LimitConfig{InsecureOff: true}
	if s.cheap, err = authkit.New(cfg); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	if s.app, _, err = s.engine.CreateApp(ctx, "bench", f.name+" "+word()); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	running, stop := context.WithCancel(ctx)
	var run sync.WaitGroup
	run.Go(func() { _ = s.engine.Run(running) }) // it logs, and returns nil
	server := &http.Server{Handler: s.engine.Handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // it ends with the site
	s.close = func() {
		_ = server.Close()
		stop()
		run.Wait()
	}
	return s, nil
}

// word returns a new word. All words have one length.
func word() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	for i := range b {
		b[i] = 'a' + b[i]%16 // no digits: an app's name that reads as a telephone number is refused
	}
	return string(b)
}

// address returns a new address. All addresses have one length, and so have the requests of a
// flow.
func address() string { return word() + "@example.com" }
