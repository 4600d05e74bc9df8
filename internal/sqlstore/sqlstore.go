// Package sqlstore keeps an [authkit.Store] in tables, in SQL that SQLite and Postgres
// both take. The packages store/sqlite and store/postgres bring a [Conn] each:
//
//	s := sqlstore.New(conn)
//
// # Shape
//
// Times are microseconds since 1970, 0 for the zero time; booleans are 0 and 1; lists are
// JSON. Every key begins with app_id, so that all tables but authkit_apps can be
// partitioned by it.
//
// # Steps
//
// A write is a transaction that begins with a share lock on the live app, or with an
// UPDATE of it. Locks are taken in the order of the contract.
package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Row is one row of an answer.
type Row interface{ Scan(dest ...any) error }

// Querier runs statements.
type Querier interface {
	// Exec runs one statement and says how many rows it wrote.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)

	// Rows calls f for each row.
	Rows(ctx context.Context, sql string, f func(Row) error, args ...any) error
}

// Conn is a database. Its errors are translated: [authkit.ErrConflict] for a unique key.
type Conn interface {
	Querier

	// Tx runs f in a transaction, again if the database asks for it. Unless durable,
	// the last commits may be lost with the machine.
	Tx(ctx context.Context, durable bool, f func(Querier) error) error

	// Dialect says how this database differs.
	Dialect() Dialect
}

// Dialect holds the few words that differ.
type Dialect struct {
	Share, Update string // what locks the rows of a select; empty where a transaction is alone
	Clock         string // a select of the time in microseconds
}

// Store is an [authkit.Store] on a Conn.
type Store struct{ c Conn }

var _ authkit.Store = (*Store)(nil)

// New returns a Store. The tables must be there.
func New(c Conn) *Store { return &Store{c} }

// Contract is the version of the contract that this package keeps.
func (s *Store) Contract() int { return 1 }

// Volatile is false.
func (s *Store) Volatile() bool { return false }

const liveApp = ` and exists (select 1 from authkit_apps a where a.app_id = $1 and a.deleted_at = 0)`

// write runs f in a transaction in which the app cannot be deleted.
func (s *Store) write(ctx context.Context, app uuid.UUID, f func(Querier) error) error {
	return s.c.Tx(ctx, true, func(q Querier) error {
		if err := s.live(ctx, q, app, s.c.Dialect().Share); err != nil {
			return err
		}
		return f(q)
	})
}

func (s *Store) live(ctx context.Context, q Querier, app uuid.UUID, lock string) error {
	var one int64
	return first(ctx, q, `select version from authkit_apps where app_id = $1 and deleted_at = 0`+lock,
		func(r Row) error { return r.Scan(&one) }, id(app))
}

// first scans one row. No row is [authkit.ErrNotFound].
func first(ctx context.Context, q Querier, sql string, f func(Row) error, args ...any) error {
	found := false
	err := q.Rows(ctx, sql, func(r Row) error { found = true; return f(r) }, args...)
	if err == nil && !found {
		return authkit.ErrNotFound
	}
	return err
}

// list scans all rows. If there are none, the app must be live.
func list[T any](ctx context.Context, s *Store, app uuid.UUID, sql string, scan func(Row) (T, error), args ...any) ([]T, error) {
	out, err := collect(ctx, s.c, sql, scan, args...)
	if err == nil && len(out) == 0 {
		err = s.live(ctx, s.c, app, "")
	}
	return out, err
}

func collect[T any](ctx context.Context, q Querier, sql string, scan func(Row) (T, error), args ...any) ([]T, error) {
	var out []T
	err := q.Rows(ctx, sql, func(r Row) error {
		v, err := scan(r)
		out = append(out, v)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// must runs a statement that has to write a row, else the answer is none.
func must(ctx context.Context, q Querier, none error, sql string, args ...any) error {
	n, err := q.Exec(ctx, sql, args...)
	if err == nil && n == 0 {
		return none
	}
	return err
}

// Ping answers the clock of the database.
func (s *Store) Ping(ctx context.Context) (time.Time, error) {
	var t time.Time
	err := first(ctx, s.c, s.c.Dialect().Clock, func(r Row) error { return r.Scan((*micros)(&t)) })
	return t, err
}
