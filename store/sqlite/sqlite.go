// Package sqlite keeps authkit's data in one SQLite file.
//
//	store, err := sqlite.Open(ctx, "auth.db")
//	if err != nil { … }
//	defer store.Close()
//
// One connection writes, with synchronous=FULL; others read beside it (WAL).
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/migrate"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an [authkit.Store] in SQLite.
type Store struct {
	*sqlstore.Store
	own []*sql.DB
}

var _ authkit.Store = (*Store)(nil)

// Contract is the version of [authkit.Store] that this adapter was written for.
func (s *Store) Contract() int { return 1 }

// New migrates and uses a host's own handles, which Close leaves open. Write must begin
// transactions immediately; it is limited to one connection. Both need foreign_keys on
// and a busy_timeout.
func New(ctx context.Context, write, read *sql.DB) (*Store, error) {
	write.SetMaxOpenConns(1)
	if _, err := Migrate(ctx, write); err != nil {
		return nil, err
	}
	return &Store{Store: sqlstore.New(&conn{querier{read}, write})}, nil
}

// Close closes what Open opened.
func (s *Store) Close() error {
	var errs []error
	for _, db := range s.own {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// Migrations are the numbered files that make the tables.
func Migrations() fs.FS {
	sub, _ := fs.Sub(migrations, "migrations") // the path is a constant and valid
	return sub
}

// Migrate applies what is pending and names it.
func Migrate(ctx context.Context, write *sql.DB) ([]string, error) {
	return migrate.Run(ctx, &conn{querier{write}, write}, Migrations(), nil)
}

// Pending names what Migrate would apply.
func Pending(ctx context.Context, write *sql.DB) ([]string, error) {
	return migrate.Pending(ctx, &conn{querier{write}, write}, Migrations())
}
