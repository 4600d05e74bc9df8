// Package migrate brings tables up to date, forward only, by numbered .sql files. The table
// authkit_migrations holds the number and checksum of each file that was applied.
//
//	done, err := migrate.Run(ctx, conn, files, nil)
//
// Any number of processes may start at once: the transaction of a version inserts the row of
// that version first, so one wins, and the others wait and read again.
package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// ErrChecksum says that a file was changed after it had been applied.
var ErrChecksum = errors.New("migration was changed after it was applied")

// ErrNewer says that a later version of authkit has changed the tables, which this one
// might read wrongly.
var ErrNewer = errors.New("the store was migrated by a newer version of authkit: run that version, or a later one")

// attempts is how often a step is tried that another process may do at the same time.
const attempts = 10

type file struct{ name, sum, body string }

// A Rewriting decides, at the beginning of the transaction of a file, how to replace each
// statement of the file by others. A nil function replaces none.
type Rewriting func(ctx context.Context, q sqlstore.Tx) (func(stmt string) []string, error)

// Run applies the pending files and returns their names. The rewriting may be nil.
func Run(ctx context.Context, c sqlstore.Conn, files fs.FS, rewriting Rewriting) ([]string, error) {
	if err := table(ctx, c); err != nil {
		return nil, err
	}
	var done []string
	for next, lost := "", 0; lost < attempts; {
		applied, err := versions(ctx, c)
		if err != nil {
			return done, err
		}
		todo, err := missing(applied, files)
		if err != nil || len(todo) == 0 {
			return done, err
		}
		if todo[0].name != next { // each file may be lost to another process
			next, lost = todo[0].name, 0
		}
		err = apply(ctx, c, todo[0], rewriting)
		switch {
		case err == nil:
			done = append(done, todo[0].name)
		case errors.Is(err, authkit.ErrConflict):
			lost++
		default:
			return done, fmt.Errorf("migration %q: %w", todo[0].name, err)
		}
	}
	return done, fmt.Errorf("migrations: %w", authkit.ErrConflict)
}

// Pending returns the names of what Run would apply. It changes nothing.
func Pending(ctx context.Context, c sqlstore.Conn, files fs.FS) (names []string, err error) {
	made, err := exists(ctx, c)
	if err != nil {
		return nil, err
	}
	applied := map[string]string{}
	if made {
		if applied, err = versions(ctx, c); err != nil {
			return nil, err
		}
	}
	todo, err := missing(applied, files)
	for _, f := range todo {
		names = append(names, f.name)
	}
	return names, err
}

const createTable = `create table if not exists authkit_migrations (version text not null primary key, checksum text not null)`

// table creates the table of versions. It first looks for it, since Postgres requires the right
// to create even where the table exists; and it tries again, since in Postgres two concurrent
// statements with "if not exists" may both try to create it.
func table(ctx context.Context, c sqlstore.Conn) error {
	made, err := exists(ctx, c)
	if err != nil || made {
		return err
	}
	for range attempts {
		err = c.Tx(ctx, true, func(q sqlstore.Tx) error {
			_, err := q.Exec(ctx, createTable)
			return err
		})
		if !errors.Is(err, authkit.ErrConflict) {
			return err
		}
	}
	return err
}

// exists reports whether there is a table of versions.
func exists(ctx context.Context, c sqlstore.Conn) (made bool, err error) {
	err = c.Rows(ctx, c.Dialect().Table, func(sqlstore.Row) error { made = true; return nil }, "authkit_migrations")
	return made, err
}

// versions are the checksums of the files that were applied.
func versions(ctx context.Context, c sqlstore.Reader) (map[string]string, error) {
	applied := map[string]string{}
	err := c.Rows(ctx, `select version, checksum from authkit_migrations`, func(r sqlstore.Row) error {
		var v, sum string
		err := r.Scan(&v, &sum)
		applied[v] = sum
		return err
	})
	return applied, err
}

// missing are the files that were not applied yet, in order.
func missing(applied map[string]string, files fs.FS) ([]file, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	for version := range applied {
		if !slices.Contains(names, version) {
			return nil, fmt.Errorf("migration %q: %w", version, ErrNewer)
		}
	}
	var todo []file
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		h := sha256.Sum256(b)
		f := file{name, hex.EncodeToString(h[:]), string(b)}
		sum, ok := applied[name]
		if ok && sum != f.sum {
			return nil, fmt.Errorf("migration %q: %w", name, ErrChecksum)
		}
		if !ok {
			todo = append(todo, f)
		}
	}
	return todo, nil
}

func apply(ctx context.Context, c sqlstore.Conn, f file, rewriting Rewriting) error {
	return c.Tx(ctx, true, func(q sqlstore.Tx) error {
		if _, err := q.Exec(ctx, `insert into authkit_migrations (version, checksum) values ($1, $2)`, f.name, f.sum); err != nil {
			return err
		}
		stmts, err := f.statements(ctx, q, rewriting)
		if err != nil {
			return err
		}
		for _, stmt := range stmts {
			if _, err := q.Exec(ctx, stmt); err != nil {
				return err
			}
		}
		return nil
	})
}

// statements are what the file runs.
func (f file) statements(ctx context.Context, q sqlstore.Tx, rewriting Rewriting) (out []string, err error) {
	rewrite := func(stmt string) []string { return []string{stmt} }
	if rewriting != nil {
		other, err := rewriting(ctx, q)
		if err != nil {
			return nil, err
		}
		if other != nil {
			rewrite = other
		}
	}
	for stmt := range strings.SplitSeq(f.body, ";\n") {
		if strings.TrimSpace(stmt) != "" {
			out = append(out, rewrite(stmt)...)
		}
	}
	return out, nil
}
