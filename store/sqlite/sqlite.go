// Package sqlite keeps authkit's data in one SQLite file.
//
//	store, err := sqlite.Open(ctx, "auth.db")
//	if err != nil { … }
//	defer store.Close()
//
// One connection writes, with synchronous=FULL; others read beside it (WAL). Steps that wait for
// it at the same time share a commit: each is answered after it, and undone alone if it fails.
//
// While the store is open, the newest of its data may stand in auth.db-wal only. [Store.Sweep],
// which Engine.Run calls now and then, and every MiB move it into auth.db. A backup is the copy of
// all files while nothing is open, or what VACUUM INTO or the .backup of the sqlite3 shell
// writes: a copy of auth.db alone may lack what was written last.
//
// A host that has SQLite already gives its own handles to [New].
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/migrate"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an [authkit.Store] in SQLite.
type Store struct {
	*sqlstore.Store
	conn *conn
	own  []*sql.DB
}

var _ authkit.Store = (*Store)(nil)

// Contract is the version of [authkit.Store] that this adapter was written for.
func (s *Store) Contract() int { return 6 }

// New migrates and uses a host's own handles, which Close leaves open. Write is limited to
// one connection; it needs the pragmas foreign_keys=1 and synchronous=FULL, and both
// handles a busy_timeout, on every connection: in the DSN, as [Open] does it. What is
// missing is reported at once.
func New(ctx context.Context, write, read *sql.DB) (*Store, error) {
	write.SetMaxOpenConns(1)
	if err := checkPragmas(ctx, write, read); err != nil {
		return nil, err
	}
	if _, err := Migrate(ctx, write); err != nil {
		return nil, err
	}
	c := newConn(write, read)
	s := &Store{Store: sqlstore.New(c), conn: c}
	return s, s.checkpoint(ctx)
}

// Sweep implements [authkit.Upkeep]. Once there is no more to remove, it moves what stands in
// the -wal file into the database file.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (bool, error) {
	more, err := s.Store.Sweep(ctx, now, limit)
	if err != nil || more {
		return more, err
	}
	return false, s.checkpoint(ctx)
}

// checkpoint waits for no reader and no writer: pages that they use stay for the next time.
func (s *Store) checkpoint(ctx context.Context) error {
	if _, err := s.conn.db.ExecContext(ctx, "pragma wal_checkpoint(PASSIVE)"); err != nil && !busy(err) {
		return fmt.Errorf("sqlite: checkpoint: %w", err)
	}
	return nil
}

// checkPragmas refuses handles on which a write might be lost or a foreign key dangle.
func checkPragmas(ctx context.Context, write, read *sql.DB) error {
	var all error
	for _, want := range []struct {
		db           *sql.DB
		handle, name string
		least        int
	}{
		{write, "write", "foreign_keys", 1},
		{write, "write", "synchronous", 2}, // NORMAL may bring a spent link back after a power cut
		{write, "write", "busy_timeout", 1},
		{read, "read", "busy_timeout", 1},
	} {
		var got int
		if err := want.db.QueryRowContext(ctx, "pragma "+want.name).Scan(&got); err != nil {
			return fmt.Errorf("sqlite: ask for pragma %s: %w", want.name, err)
		}
		if got < want.least {
			all = errors.Join(all, fmt.Errorf("sqlite: pragma %s of the %s handle is %d, and has to be at least %d: set it in the DSN", want.name, want.handle, got, want.least))
		}
	}
	return all
}

// Close closes what Open opened.
func (s *Store) Close() error {
	errs := []error{s.conn.close()}
	for _, db := range s.own {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// Migrations returns the numbered files that make the tables.
func Migrations() fs.FS {
	sub, _ := fs.Sub(migrations, "migrations") // the path is a constant and valid
	return sub
}

// Migrate applies what is pending and returns its names.
func Migrate(ctx context.Context, write *sql.DB) ([]string, error) {
	c := newConn(write, write)
	done, err := migrate.Run(ctx, c, Migrations(), nil)
	return done, errors.Join(err, c.close())
}

// Pending returns the names of what Migrate would apply.
func Pending(ctx context.Context, write *sql.DB) ([]string, error) {
	c := newConn(write, write)
	names, err := migrate.Pending(ctx, c, Migrations())
	return names, errors.Join(err, c.close())
}
