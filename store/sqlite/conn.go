package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// querier is a pool or one connection.
type querier struct {
	x interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}
}

func (q querier) Rows(ctx context.Context, query string, f func(sqlstore.Row) error, args ...any) (err error) {
	rows, err := q.x.QueryContext(ctx, query, args...)
	if err != nil {
		return translate(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}

func (q querier) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := q.x.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, translate(err)
	}
	return res.RowsAffected()
}

type conn struct {
	querier // reads
	write   *sql.DB
}

func (c *conn) Dialect() sqlstore.Dialect {
	return sqlstore.Dialect{
		Clock: `select cast((julianday('now') - 2440587.5) * 86400000000 as integer)`,
		Table: `select 1 from sqlite_master where type = 'table' and name = $1`,
	}
}

func (c *conn) Write(ctx context.Context, query string, f func(sqlstore.Row) error, args ...any) (rows int, err error) {
	err = querier{c.write}.Rows(ctx, query, func(r sqlstore.Row) error { rows++; return f(r) }, args...)
	return rows, err
}

// Tx takes the write lock at once: a transaction that reads first and writes later can fail
// when it takes the lock.
func (c *conn) Tx(ctx context.Context, durable bool, f func(sqlstore.Tx) error) (err error) {
	w, err := c.write.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	q := querier{w}
	if !durable {
		if _, err := q.exec(ctx, "pragma synchronous = NORMAL"); err != nil {
			return err
		}
		defer func() {
			_, back := q.exec(context.WithoutCancel(ctx), "pragma synchronous = FULL")
			err = errors.Join(err, back)
		}()
	}
	if _, err := q.exec(ctx, "begin immediate"); err != nil {
		return err
	}
	t := &tx{querier: q}
	if err = f(t); err == nil {
		_, err = t.Exec(ctx, "commit")
	}
	if err != nil {
		_, _ = q.exec(context.WithoutCancel(ctx), "rollback") // the first error is the one to report
	}
	return err
}

// tx runs queued statements at once, since there are no round trips to save, and reports their
// errors with the next call.
type tx struct {
	querier
	failed error
}

func (t *tx) Queue(ctx context.Context, none error, query string, args ...any) {
	switch {
	case t.failed != nil:
	case none == nil:
		_, t.failed = t.exec(ctx, query, args...)
	default:
		found := false
		t.failed = t.querier.Rows(ctx, query, func(sqlstore.Row) error { found = true; return nil }, args...)
		if t.failed == nil && !found {
			t.failed = none
		}
	}
}

func (t *tx) Ask(ctx context.Context, none error, f func(sqlstore.Row) error, query string, args ...any) {
	if t.failed != nil {
		return
	}
	found := false
	t.failed = t.querier.Rows(ctx, query, func(r sqlstore.Row) error { found = true; return f(r) }, args...)
	if t.failed == nil && none != nil && !found {
		t.failed = none
	}
}

func (t *tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if t.failed != nil {
		return 0, t.failed
	}
	return t.exec(ctx, query, args...)
}

func (t *tx) Rows(ctx context.Context, query string, f func(sqlstore.Row) error, args ...any) error {
	if t.failed != nil {
		return t.failed
	}
	return t.querier.Rows(ctx, query, f, args...)
}

// translate turns the extended result codes of a unique key and of a primary key into
// [authkit.ErrConflict].
func translate(err error) error {
	var e interface{ Code() int }
	if errors.As(err, &e) && (e.Code() == 2067 || e.Code() == 1555) {
		return authkit.ErrConflict
	}
	return err
}
