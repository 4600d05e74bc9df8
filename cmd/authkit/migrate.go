package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit/internal/private"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

type migrate struct {
	place

	DryRun     bool `help:"Only list the pending migrations."`
	Partitions int  `help:"Postgres only: create each table with this many hash partitions, on an empty schema. See docs/scaling.md."`
}

// Run applies the pending migrations, or lists them.
func (m *migrate) Run(ctx context.Context) error {
	verb, names, err := "applied", []string(nil), error(nil)
	if m.DryRun {
		verb = "pending"
	}
	switch kind, at, bad := m.locate(); {
	case bad != nil:
		return bad
	case m.Partitions != 0 && kind != "postgres":
		return fmt.Errorf("migrate --partitions: the tables of --store %q cannot be partitioned: give postgres://…", redact(m.Store))
	case kind == "sqlite":
		names, err = m.sqlite(ctx, at)
	case kind == "postgres":
		names, err = m.postgres(ctx, at)
	}
	if err != nil {
		return fmt.Errorf("migrate --store %q: %w", redact(m.Store), err)
	}
	for _, name := range names {
		fmt.Println(verb, name)
	}
	if len(names) == 0 {
		fmt.Println("nothing to do")
	} else if m.Partitions != 0 {
		fmt.Println("partitions of each table:", m.Partitions)
	}
	return nil
}

// sqlite migrates a file, or lists what is pending.
func (m *migrate) sqlite(ctx context.Context, file string) ([]string, error) {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: "_pragma=busy_timeout(5000)&_txlock=immediate"}
	if m.DryRun {
		u.Opaque, u.RawQuery = unchanged(file, u.Opaque)
	} else if err := private.Create(file); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // migrations are committed by then
	db.SetMaxOpenConns(1)
	if m.DryRun {
		return sqlite.Pending(ctx, db)
	}
	return sqlite.Migrate(ctx, db)
}

func (m *migrate) postgres(ctx context.Context, dsn string) ([]string, error) {
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	var options []postgres.MigrateOption
	if m.Partitions != 0 {
		options = append(options, postgres.Partitions(m.Partitions))
	}
	if m.DryRun {
		return postgres.Pending(ctx, pool, options...)
	}
	return postgres.Migrate(ctx, pool, options...)
}

// unchanged returns the parts of a DSN that leave the file as it is. Where there is no file
// yet, which opening would create, they name an empty database in memory.
func unchanged(file, escaped string) (opaque, query string) {
	if info, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) || (err == nil && info.Size() == 0) {
		return ":memory:", ""
	}
	return escaped, "_pragma=busy_timeout(5000)&mode=rw"
}
