package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

type querier struct {
	x interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}
}

func (q querier) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := q.x.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, translate(err)
	}
	return res.RowsAffected()
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
	if err := rows.Err(); err != nil {
		return translate(err)
	}
	return nil
}

type conn struct {
	querier // reads
	write   *sql.DB
}

func (c *conn) Dialect() sqlstore.Dialect {
	return sqlstore.Dialect{Clock: `select cast((julianday('now') - 2440587.5) * 86400000000 as integer)`}
}

func (c *conn) Tx(ctx context.Context, durable bool, f func(sqlstore.Querier) error) (err error) {
	w, err := c.write.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if !durable {
		if _, err := w.ExecContext(ctx, "pragma synchronous = NORMAL"); err != nil {
			return translate(err)
		}
		defer func() {
			_, back := w.ExecContext(context.WithoutCancel(ctx), "pragma synchronous = FULL")
			err = errors.Join(err, back)
		}()
	}
	tx, err := w.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	if err := f(querier{tx}); err != nil {
		_ = tx.Rollback() // the first error is the one to report
		return err
	}
	return translate(tx.Commit())
}

// translate knows the extended result codes of a unique key and a primary key.
func translate(err error) error {
	var e interface{ Code() int }
	if errors.As(err, &e) && (e.Code() == 2067 || e.Code() == 1555) {
		return authkit.ErrConflict
	}
	return err
}
