package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

type backup struct {
	place

	File string `arg:"" help:"Where the copy goes: a file that does not exist."`
}

// Run copies the store of an SQLite file, as it is at one moment, while servers may use it.
func (b *backup) Run(ctx context.Context) error {
	kind, at, err := b.locate()
	switch {
	case err != nil:
		return err
	case kind == "memory":
		return errors.New("--store is memory, which cannot be copied: give sqlite:FILE")
	case kind == "postgres":
		return fmt.Errorf("--store %q is copied by Postgres itself: pg_dump --format=custom --table='authkit_*', see docs/stores.md", redact(b.Store))
	}
	size, err := copySQLite(ctx, at, b.File)
	if err != nil {
		return fmt.Errorf("backup --store %q: %w", b.Store, err)
	}
	_, err = fmt.Printf("%s: %d bytes; without its secret (%s), which belongs in another place, it cannot be used\n", b.File, size, strings.Join(b.SecretFile, ", "))
	return err
}

// copySQLite writes the copy beside its place and moves it there once it is whole and on the
// disk, so that a file of that name is a whole copy. It overwrites no file ([fs.ErrExist]).
func copySQLite(ctx context.Context, from, to string) (size int64, err error) {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%q is there already: name a file that does not exist", to)
	}
	f, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".*") // mode 0600; SQLite takes an empty file
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a leftover is harmless
	defer f.Close()           //nolint:errcheck // it is synced by then
	if err := vacuumInto(ctx, from, f.Name()); err != nil {
		return 0, err
	}
	if err := f.Sync(); err != nil { // SQLite leaves that to its caller
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	name, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // not every file system of a backup has links
	if err != nil {
		return 0, err
	}
	if err := errors.Join(name.Close(), os.Rename(f.Name(), to)); err != nil {
		return 0, errors.Join(err, os.Remove(to))
	}
	return info.Size(), syncFolder(filepath.Dir(to))
}

// vacuumInto copies a database that holds tables of authkit. It changes nothing in it.
func vacuumInto(ctx context.Context, from, to string) error {
	if _, err := os.Stat(from); err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: from}).EscapedPath(), RawQuery: "mode=rw&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is written
	db.SetMaxOpenConns(1)
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 8) = 'authkit_'").Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		return fmt.Errorf("%q holds no tables of authkit: give the store that `authkit serve` uses", from)
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	return err
}

// syncFolder makes the name of a new file durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
