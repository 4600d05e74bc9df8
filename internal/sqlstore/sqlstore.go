// Package sqlstore keeps an [authkit.Store] in tables, in SQL that SQLite and Postgres
// both take. The packages store/sqlite and store/postgres bring a [Conn] each:
//
//	s := sqlstore.New(conn)
//
// # Shape
//
// Times are microseconds since 1970, 0 for the zero time; booleans are 0 and 1; lists are
// JSON. Every key begins with app_id, so that all tables can be partitioned by it; that of
// authkit_app_names begins with the developer.
//
// # Steps
//
// A write is a transaction that begins with a share lock on the live app, or with an
// UPDATE of it. Locks are taken in the order of the contract. All statements of a step are
// queued, so that it takes one round trip however much it writes: what a later statement needs
// of an earlier one, it reads in the database.
package sqlstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// Row is one row of an answer.
type Row interface{ Scan(dest ...any) error }

// Reader runs statements that return rows.
type Reader interface {
	// Rows calls f for each row.
	Rows(ctx context.Context, sql string, f func(Row) error, args ...any) error
}

// Tx is a transaction. After an error it can only be rolled back.
type Tx interface {
	Reader

	// Exec runs one statement and returns how many rows it wrote.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)

	// Queue runs one statement with the next Rows or Exec, or with the commit, whichever
	// comes first; that call fails if the statement does. If the error given is not nil, a
	// statement that returns no row fails with it, and nothing after it is run.
	Queue(ctx context.Context, none error, sql string, args ...any)

	// Ask is Queue for a statement whose rows are wanted: f, which only scans, is called for each of
	// them once the statement has run, at the latest with the commit.
	Ask(ctx context.Context, none error, f func(Row) error, sql string, args ...any)
}

// Conn is a database. Its errors are translated: [authkit.ErrConflict] for a unique key.
type Conn interface {
	Reader

	// Write is Rows for one statement that writes, in a transaction of its own, and returns how
	// many rows there were. A statement that the database undoes after it has returned rows
	// runs again: f is called anew, and the earlier rows do not count.
	Write(ctx context.Context, sql string, f func(Row) error, args ...any) (rows int, err error)

	// Tx runs f in a transaction, and again if the database asks for it. Unless durable is
	// set, the last commits may be lost if the machine fails.
	Tx(ctx context.Context, durable bool, f func(Tx) error) error

	// Dialect says how this database differs.
	Dialect() Dialect
}

// Then stands in a statement between what it writes, in a "with", and the select that follows.
const Then = "\n/* then */ "

// Dialect holds the SQL that differs between databases.
type Dialect struct {
	Share, Update string // locks the rows of a select; empty where transactions never run concurrently
	Clock         string // a select of the time in microseconds
	Table         string // a select that returns a row if there is a table named $1
	ByIndex       string // makes the statements of a transaction read by an index where there is one; empty: they do
	Guards        bool   // whether one statement may write, and then read what it has written and other tables
}

// Store is an [authkit.Store] on a Conn.
type Store struct {
	c     Conn
	apart atomic.Bool // whether the database cannot count for two apps in one statement
}

var _ authkit.Store = (*Store)(nil)

// New returns a Store. The tables must be there.
func New(c Conn) *Store { return &Store{c: c} }

// Contract is the version of the contract that this package keeps.
func (s *Store) Contract() int { return 6 }

// Volatile is false.
func (s *Store) Volatile() bool { return false }

const (
	liveApp = ` and exists (select 1 from authkit_apps a where a.app_id = $1 and a.deleted_at = 0)`

	// servingApp is liveApp for an app whose owner is not disabled.
	servingApp = ` and exists (select 1 from authkit_apps a where a.app_id = $1 and a.deleted_at = 0 and a.suspended = 0)`

	isLiveApp = `select version from authkit_apps where app_id = $1 and deleted_at = 0`

	// isLiveAppAt is isLiveApp for an app that has the Version $2; 0: any.
	isLiveAppAt = isLiveApp + ` and (version = $2 or $2 = 0)`
)

// liveAppAt is liveApp for an app that has the Version of an argument; 0: any.
func liveAppAt(version string) string {
	return ` and exists (select 1 from authkit_apps a where a.app_id = $1 and a.deleted_at = 0 and (a.version = ` + version + ` or ` + version + ` = 0))`
}

// write runs f in a transaction during which the app cannot be deleted.
func (s *Store) write(ctx context.Context, app uuid.UUID, f func(Tx) error) error {
	return s.guarded(ctx, app, 0, f)
}

// guarded is write for a step that its caller decided by one Version of the app; 0: by any.
func (s *Store) guarded(ctx context.Context, app uuid.UUID, version int64, f func(Tx) error) error {
	return s.step(ctx, func(q Tx) error {
		s.live(ctx, q, app, version)
		return f(q)
	})
}

// step runs f in a durable transaction. If the tokens of two steps meet in one place of a slot, it
// runs f again, serialised by the slot.
func (s *Store) step(ctx context.Context, f func(Tx) error) error {
	err := s.c.Tx(ctx, true, f)
	for tries := 0; errors.Is(err, errRaced) && tries < mostRaces; tries++ {
		err = s.c.Tx(ctx, true, func(q Tx) error { return f(anchored{q}) })
	}
	return err
}

// mostRaces is how often a step runs again. Only steps that have not raced yet can undo it.
const mostRaces = 16

// anchored is a transaction that puts the anchor of a slot before a token.
type anchored struct{ Tx }

// live makes the transaction fail unless the app is live, with [authkit.ErrNotFound], and has the
// Version that is given, with [authkit.ErrAppChanged]; 0: any.
func (s *Store) live(ctx context.Context, q Tx, app uuid.UUID, version int64) {
	q.Queue(ctx, notLive(version), isLiveAppAt+s.c.Dialect().Share, id(app), version)
}

// notLive is the error for an app that is not live or, where the Version is not 0, has another.
func notLive(version int64) error {
	if version != 0 {
		return authkit.ErrAppChanged
	}
	return authkit.ErrNotFound
}

// changed is [authkit.ErrAppChanged] if the app does not have the Version, and nil otherwise. It
// tells why a select that was guarded by the Version found nothing; 0: there was no guard.
func (s *Store) changed(ctx context.Context, app uuid.UUID, version int64) error {
	if version == 0 {
		return nil
	}
	err := first(ctx, s.c, isLiveAppAt, func(Row) error { return nil }, id(app), version)
	if errors.Is(err, authkit.ErrNotFound) {
		return authkit.ErrAppChanged
	}
	return err
}

// first scans one row. No row is [authkit.ErrNotFound].
func first(ctx context.Context, q Reader, sql string, f func(Row) error, args ...any) error {
	found := false
	err := q.Rows(ctx, sql, func(r Row) error { found = true; return f(r) }, args...)
	if err == nil && !found {
		return authkit.ErrNotFound
	}
	return err
}

// list scans all rows of a select whose $1 is the app. Without a row, the app must be live.
func list[T any](ctx context.Context, s *Store, sql string, scan func(Row) (T, error), args ...any) ([]T, error) {
	out, err := collect(ctx, s.c, sql, scan, args...)
	if err == nil && len(out) == 0 {
		err = first(ctx, s.c, isLiveApp, func(Row) error { return nil }, args[0])
	}
	return out, err
}

func collect[T any](ctx context.Context, q Reader, sql string, scan func(Row) (T, error), args ...any) ([]T, error) {
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

// Ping implements [authkit.Upkeep]. It writes a row that is there already. Where other writers
// do not wait for it the write is durable, so that Ping also fails while a synchronous standby
// does not answer.
func (s *Store) Ping(ctx context.Context) (time.Time, error) {
	var t time.Time
	concurrent := s.c.Dialect().Share != ""
	err := s.c.Tx(ctx, concurrent, func(q Tx) error {
		q.Queue(ctx, nil, `update authkit_migrations set checksum = checksum where version = (select min(m.version) from authkit_migrations m)`)
		q.Ask(ctx, nil, func(r Row) error { return r.Scan((*micros)(&t)) }, s.c.Dialect().Clock)
		return nil
	})
	return t, err
}
