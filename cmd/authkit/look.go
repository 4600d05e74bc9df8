package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// access says what a command does with the store.
type access int

const (
	reads  access = iota // it leaves the store as it is
	writes               // it applies pending migrations, and notes the newest secret
)

// look makes an engine that reads the store at at, and changes nothing in it. It refuses a store
// that lacks migrations or data.
func (m manage) look(ctx context.Context, kind, at string, change ...func(*authkit.Config)) (offline, error) {
	switch names, _, err := m.pending(ctx, kind, at); {
	case err != nil:
		return offline{}, fmt.Errorf("open --store %q: %w", redact(m.Store), err)
	case len(names) > 0:
		return offline{}, fmt.Errorf("--store %q lacks migrations (%s), and this command only reads: run `authkit migrate`", redact(m.Store), strings.Join(names, ", "))
	}
	return m.openEngine(ctx, m.filled, append(change, func(c *authkit.Config) { c.Store = &looking{Store: c.Store} })...)
}

// filled reads the secrets of a store that holds data.
func (m manage) filled(ctx context.Context, st authkit.Store) ([][]byte, error) {
	switch _, err := st.App(ctx, authkit.Console); {
	case errors.Is(err, authkit.ErrNotFound):
		return nil, fmt.Errorf("--store %q holds no data: `authkit serve` fills it, and so does `authkit developer create EMAIL`", redact(m.Store))
	case err != nil:
		return nil, fmt.Errorf("read --store %q: %w", redact(m.Store), err)
	}
	return m.secrets(ctx, st)
}

// pending returns the migrations that the store lacks, and how many there are in all.
func (p place) pending(ctx context.Context, kind, at string) (names []string, all int, err error) {
	m, files := migrate{place: p, DryRun: true}, sqlite.Migrations()
	if kind == "sqlite" {
		names, err = m.sqlite(ctx, at)
	} else {
		files = postgres.Migrations()
		names, err = m.postgres(ctx, at)
	}
	if err != nil {
		return nil, -1, err
	}
	list, err := fs.Glob(files, "*.sql")
	return names, len(list), err
}

// looking is a store in which a start of an engine notes no secret: it only seems so to that
// engine.
type looking struct {
	authkit.Store

	noted string
}

// NoteSecret answers as the store does, and notes nothing.
func (l *looking) NoteSecret(ctx context.Context, id string, known []string) ([]authkit.SecretNote, error) {
	l.noted = id
	notes, err := l.Secrets(ctx)
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		if !slices.Contains(known, note.ID) {
			return notes, authkit.ErrConflict
		}
	}
	return notes, nil
}

// Secrets returns the notes of the store, and that which the engine would have made.
func (l *looking) Secrets(ctx context.Context) ([]authkit.SecretNote, error) {
	notes, err := l.Store.Secrets(ctx)
	if err == nil && l.noted != "" && !slices.ContainsFunc(notes, func(n authkit.SecretNote) bool { return n.ID == l.noted }) {
		notes = append(notes, authkit.SecretNote{ID: l.noted})
	}
	return notes, err
}

// Unwrap returns the store, for [authkit.Engine.Check].
func (l *looking) Unwrap() authkit.Store { return l.Store }
