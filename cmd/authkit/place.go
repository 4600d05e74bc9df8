package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// place names the store and the secrets that open its data. All commands share its flags.
type place struct {
	Config     configFile `help:"A TOML file of flags: addr = \"127.0.0.1:8080\" is --addr. A flag or its variable wins over the file." placeholder:"FILE"`
	Store      string     `default:"sqlite:authkit.db" help:"memory, sqlite:FILE or postgres://…"`
	SecretFile []string   `default:"authkit.secret"    help:"32 random bytes, base64; created when absent. Several, newest first, when the secret is rotated: the others only open what they sealed."`
}

// store is a store that can be closed.
type store struct {
	authkit.Store

	close func() error
}

// open opens the store and applies pending migrations.
func (p place) open(ctx context.Context, options ...postgres.Option) (store, error) {
	kind, at, err := p.locate()
	if err != nil {
		return store{}, err
	}
	switch kind {
	case "sqlite":
		s, err := sqlite.Open(ctx, at)
		if err != nil {
			return store{}, fmt.Errorf("open --store %q: %w", p.Store, err)
		}
		return store{s, s.Close}, nil
	case "postgres":
		s, err := postgres.Open(ctx, at, options...)
		if err != nil {
			return store{}, fmt.Errorf("open --store %q: %w", redact(at), err)
		}
		return store{s, s.Close}, nil
	}
	return store{memory.New(), func() error { return nil }}, nil
}

// offline is an engine that serves no requests and sends no mail.
type offline struct {
	*authkit.Engine

	secrets [][]byte // newest first
	close   func() error
}

// openEngine opens the store and makes an engine over it. read returns the secrets for the store,
// and change completes the configuration.
func (p place) openEngine(ctx context.Context, read func(context.Context, authkit.Store) ([][]byte, error), change ...func(*authkit.Config)) (_ offline, err error) {
	st, err := p.open(ctx)
	if err != nil {
		return offline{}, err
	}
	defer func() {
		if err != nil {
			_ = st.close()
		}
	}()
	secrets, err := read(ctx, st.Store)
	if err != nil {
		return offline{}, err
	}
	config := authkit.Config{
		Store: st.Store, BaseURL: "http://localhost", Mailer: mail.NewOutbox(), Secrets: secrets, Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&config)
	}
	engine, err := authkit.New(config)
	if err != nil {
		return offline{}, p.explainSecret(err)
	}
	return offline{engine, secrets, st.close}, nil
}

// locate reads --store. kind is memory, sqlite or postgres; at is the file or URL.
func (p place) locate() (kind, at string, err error) {
	if p.Store == "memory" {
		return "memory", "", nil
	}
	if file, ok := strings.CutPrefix(p.Store, "sqlite:"); ok && file != "" {
		if strings.HasPrefix(file, ":memory:") {
			return "", "", fmt.Errorf("--store is %q, and SQLite in memory is another database for each connection: give memory, or sqlite:FILE", p.Store)
		}
		return "sqlite", file, nil
	}
	if strings.HasPrefix(p.Store, "postgres://") || strings.HasPrefix(p.Store, "postgresql://") {
		if err := checkPostgresURL(p.Store); err != nil {
			return "", "", fmt.Errorf("--store is %q: %w", redact(p.Store), err)
		}
		return "postgres", p.Store, nil
	}
	return "", "", fmt.Errorf("--store is %q: give memory, sqlite:FILE or postgres://[user[:password]@]host[:port]/database", redact(p.Store))
}

// checkPostgresURL refuses a URL whose password the driver would read as a host, a port or a
// database: the errors of the driver show those.
func checkPostgresURL(s string) error {
	_, rest, _ := strings.Cut(s, "://")
	user, _, ok := cutLast(rest, "@")
	if ok && (strings.Count(user, ":") > 1 || strings.ContainsAny(user, "@/?#")) {
		return errors.New("the user or password holds one of : @ / ? #, write it percent-encoded (%3A %40 %2F %3F %23)")
	}
	return nil
}

// redact removes each part of a --store that may be a password.
func redact(s string) string {
	if strings.HasPrefix(s, "sqlite:") {
		return s
	}
	if before, after, ok := cutLast(s, "@"); ok {
		scheme, user, _ := strings.Cut(before, ":")
		slashes := user[:len(user)-len(strings.TrimLeft(user, "/"))]
		s = scheme + ":" + slashes + "xxxxx@" + after
	}
	if before, _, ok := strings.Cut(s, "?"); ok {
		s = before + "?…"
	}
	return s
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
