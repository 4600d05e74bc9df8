package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

type querier struct {
	x interface {
		Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
		Query(context.Context, string, ...any) (pgx.Rows, error)
	}
}

func (q querier) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := q.x.Exec(ctx, sql, args...)
	return tag.RowsAffected(), translate(err)
}

func (q querier) Rows(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	rows, err := q.x.Query(ctx, sql, args...)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}

type conn struct {
	querier
	pool *pgxpool.Pool
}

func (c *conn) Dialect() sqlstore.Dialect {
	return sqlstore.Dialect{Share: " for share", Update: " for update",
		Clock: `select (extract(epoch from clock_timestamp()) * 1000000)::bigint`}
}

// Tx tries again only when Postgres itself has undone the transaction: after a lost
// connection nobody knows whether it was committed.
func (c *conn) Tx(ctx context.Context, durable bool, f func(sqlstore.Querier) error) (err error) {
	for range 5 {
		err = pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
			if !durable {
				if _, err := tx.Exec(ctx, "set local synchronous_commit = off"); err != nil {
					return err
				}
			}
			return f(querier{tx})
		})
		if !undone(err) {
			break
		}
	}
	return translate(err)
}

func undone(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// translate knows unique_violation and duplicate_table.
func translate(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && (e.Code == "23505" || e.Code == "42P07") {
		return authkit.ErrConflict
	}
	return err
}
