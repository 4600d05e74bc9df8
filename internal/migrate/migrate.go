// Package migrate brings tables up to date, forward only. The files are numbered .sql
// files; what was applied stands in authkit_migrations with a checksum.
//
//	done, err := migrate.Run(ctx, conn, files, nil)
//
// Any number of processes may start at once: the row of a version is inserted first, in
// the transaction of its statements, so one wins and the rest wait and read again.
package migrate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// ErrChecksum says that an applied file has been changed since.
var ErrChecksum = errors.New("migration was changed after it was applied")

// attempts is how often a lost race is run again.
const attempts = 10

type file struct{ name, sum, body string }

// Run applies what is pending and names it. A rewrite, if not nil, turns each statement
// into those that are run instead.
func Run(ctx context.Context, c sqlstore.Conn, files fs.FS, rewrite func(string) []string) ([]string, error) {
	if err := table(ctx, c); err != nil {
		return nil, err
	}
	var done []string
	for range attempts {
		todo, err := pending(ctx, c, files)
		if err != nil || len(todo) == 0 {
			return done, err
		}
		err = apply(ctx, c, todo[0], rewrite)
		if err == nil {
			done = append(done, todo[0].name)
		} else if !errors.Is(err, authkit.ErrConflict) {
			return done, fmt.Errorf("migration %q: %w", todo[0].name, err)
		}
	}
	return done, fmt.Errorf("migrations: %w", authkit.ErrConflict)
}

// errLookOnly undoes the step of a look.
var errLookOnly = errors.New("nothing is to be changed")

// Pending names what Run would apply and changes nothing.
func Pending(ctx context.Context, c sqlstore.Conn, files fs.FS) (names []string, err error) {
	for range attempts {
		if names, err = look(ctx, c, files); !errors.Is(err, authkit.ErrConflict) {
			break // else a Run beside this one has just created the table
		}
	}
	return names, err
}

func look(ctx context.Context, c sqlstore.Conn, files fs.FS) ([]string, error) {
	var names []string
	err := c.Tx(ctx, true, func(q sqlstore.Tx) error {
		if _, err := q.Exec(ctx, createTable); err != nil {
			return err
		}
		todo, err := pending(ctx, q, files)
		if err != nil {
			return err
		}
		for _, f := range todo {
			names = append(names, f.name)
		}
		return errLookOnly
	})
	if errors.Is(err, errLookOnly) {
		return names, nil
	}
	return nil, err
}

const createTable = `create table if not exists authkit_migrations (version text not null primary key, checksum text not null)`

// table creates the table of versions. Postgres lets "if not exists" race.
func table(ctx context.Context, c sqlstore.Conn) (err error) {
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

func pending(ctx context.Context, c sqlstore.Reader, files fs.FS) ([]file, error) {
	applied := map[string]string{}
	err := c.Rows(ctx, `select version, checksum from authkit_migrations`, func(r sqlstore.Row) error {
		var v, sum string
		err := r.Scan(&v, &sum)
		applied[v] = sum
		return err
	})
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
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

func apply(ctx context.Context, c sqlstore.Conn, f file, rewrite func(string) []string) error {
	return c.Tx(ctx, true, func(q sqlstore.Tx) error {
		if _, err := q.Exec(ctx, `insert into authkit_migrations (version, checksum) values ($1, $2)`, f.name, f.sum); err != nil {
			return err
		}
		for stmt := range strings.SplitSeq(f.body, ";\n") {
			stmts := []string{stmt}
			if rewrite != nil {
				stmts = rewrite(stmt)
			}
			for _, s := range stmts {
				if strings.TrimSpace(s) == "" {
					continue
				}
				if _, err := q.Exec(ctx, s); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
