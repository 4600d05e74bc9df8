package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

const (
	// defaultPatience is the patience unless [WithPatience] sets another.
	defaultPatience = 5 * time.Second

	// upkeepPatience is the least patience for background work, which no request waits for.
	upkeepPatience = 30 * time.Second

	// partingPatience is how long a connection may take to roll back what it has begun.
	partingPatience = 500 * time.Millisecond
)

// conn is an [sqlstore.Conn] on a pool.
type conn struct {
	pool     *pgxpool.Pool
	patience time.Duration // how long one call may take, the wait for a connection included; 0: no bound
	renewed  atomic.Int64  // when all connections were closed, in nanoseconds since 1970

	// plain makes new connections prepare no statements; nil: the pool is the host's.
	plain *atomic.Bool
}

// bound ends calls that take too long. A server that hangs closes no connection: without a
// bound, all callers would wait for as long as it hangs.
func (c *conn) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	switch {
	case c.patience <= 0:
		return ctx, func() {}
	case sqlstore.IsUpkeep(ctx):
		return context.WithTimeout(ctx, max(c.patience, upkeepPatience))
	}
	return context.WithTimeout(ctx, c.patience)
}

func (c *conn) Dialect() sqlstore.Dialect {
	return sqlstore.Dialect{Share: " for share", Update: " for update",
		Clock: `select (extract(epoch from clock_timestamp()) * 1000000)::bigint`,
		Table: `select 1 where to_regclass($1) is not null`, ByIndex: `select case when current_setting('enable_seqscan', true) is not null then set_config('enable_seqscan', 'off', true) end`, Guards: true}
}

func (c *conn) Rows(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	return c.rows(ctx, sql, f, args...)
}

// rows runs the statement again as [conn.again] does, unless a row has come already.
func (c *conn) rows(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	answered := false
	return c.step(ctx, &answered, func(p *pgx.Conn) error {
		rows, err := p.Query(ctx, sql, native(args)...)
		if err != nil {
			return translate(err)
		}
		return scan(rows, func(r sqlstore.Row) error { answered = true; return f(r) })
	})
}

// Write is a transaction of one round trip. It is tried again as in [conn.Tx]. Where the server's
// default isolation is the one that [begin] asks for, the statement is its own transaction.
func (c *conn) Write(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) (rows int, err error) {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	count := func(r sqlstore.Row) error { rows++; return f(r) }
	err = c.step(ctx, new(bool), func(p *pgx.Conn) error {
		rows = 0
		alone, err := standsAlone(ctx, p)
		if err != nil {
			return translate(err)
		}
		if !alone {
			return run(ctx, p, true, func(t sqlstore.Tx) error { t.Ask(ctx, nil, count, sql, args...); return nil })
		}
		answer, err := p.Query(ctx, sql, native(args)...)
		if err != nil {
			return translate(err)
		}
		return scan(answer, count)
	})
	return rows, err
}

// standsAlone reports whether a statement outside of a transaction block runs as [begin] would
// have it. It asks once for each connection. If the default changes afterwards, statements fail
// that could have waited, and are tried again.
func standsAlone(ctx context.Context, c *pgx.Conn) (bool, error) {
	const key = "authkit: default isolation"
	known := c.PgConn().CustomData()
	if alone, ok := known[key].(bool); ok {
		return alone, nil
	}
	var level string
	if err := c.QueryRow(ctx, "select current_setting('default_transaction_isolation')").Scan(&level); err != nil {
		return false, err
	}
	known[key] = level == "read committed"
	return level == "read committed", nil
}

func scan(rows pgx.Rows, f func(sqlstore.Row) error) error {
	defer rows.Close()
	r := row{rows}
	for rows.Next() {
		if err := f(r); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}

// attempts is how often a transaction is run if Postgres undoes it or refuses to begin it.
const attempts = 5

// renewEvery is the shortest time between two closings of all connections.
const renewEvery = 100 * time.Millisecond

// parted closes the connection to a server that no longer takes writes, is going down or
// mixes up prepared statements, and makes the pool close all others: they would give the same
// answer until the end of their life, an hour. It returns err.
func (c *conn) parted(p *pgxpool.Conn, err error) error {
	if !readOnly(err) && !goingDown(err) && !mixedUp(err) {
		return err
	}
	if mixedUp(err) && c.plain != nil {
		c.plain.Store(true)
	}
	_ = p.Conn().Close(context.Background()) // a closed connection does not go back to the pool
	last, now := c.renewed.Load(), time.Now().UnixNano()
	if now-last > int64(renewEvery) && c.renewed.CompareAndSwap(last, now) {
		c.pool.Reset()
	}
	return err
}

// readOnly reports whether the connection refused to write: read_only_sql_transaction.
func readOnly(err error) bool { return coded(err, "25006") }

// mixedUp reports whether a prepared statement is another session's (duplicate or invalid
// prepared statement name), as behind a pooler in transaction mode.
func mixedUp(err error) bool { return coded(err, "42P05", "26000") }

// goingDown reports whether the server ended the connection or is not up yet:
// admin_shutdown, crash_shutdown, cannot_connect_now.
func goingDown(err error) bool { return coded(err, "57P01", "57P02", "57P03") }

// Tx tries again only when Postgres itself has undone the transaction: after a lost
// connection it is unknown whether it was committed.
func (c *conn) Tx(ctx context.Context, durable bool, f func(sqlstore.Tx) error) (err error) {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	return c.step(ctx, new(bool), func(p *pgx.Conn) error { return run(ctx, p, durable, f) })
}

// step runs f on a connection, and again as [conn.again] does.
func (c *conn) step(ctx context.Context, final *bool, f func(p *pgx.Conn) error) error {
	return translate(c.again(final, func() error {
		return c.pool.AcquireFunc(ctx, func(p *pgxpool.Conn) error { return c.parted(p, f(p.Conn())) })
	}))
}

// again runs f, and runs it anew while Postgres undoes it, does not know a prepared statement or
// only reads, until f sets final. In these cases nothing has been written, and the next
// connection may be a new one.
func (c *conn) again(final *bool, f func() error) error {
	err := f()
	for try := 1; try < attempts && !*final && (undone(err) || readOnly(err) || c.plain != nil && mixedUp(err)); try++ {
		err = f()
	}
	if mixedUp(err) {
		err = fmt.Errorf("a pooler gives each transaction another session, put default_query_exec_mode=exec into the DSN: %w", err)
	}
	return err
}

func undone(err error) bool {
	return coded(err, "40001", "40P01")
}

// coded reports whether err carries one of these SQLSTATE codes.
func coded(err error, codes ...string) bool {
	if err == nil {
		return false
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(codes, e.Code)
}

// translate turns unique_violation into [authkit.ErrConflict], and so duplicate_table and
// duplicate_object, which report a table that another transaction creates at the same time. It adds
// [sqlstore.ErrUnsupported] to feature_not_supported, and [sqlstore.ErrGuard] to division_by_zero.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case coded(err, "23505", "42P07", "42710"):
		return authkit.ErrConflict
	case coded(err, "22012") && !errors.Is(err, sqlstore.ErrGuard):
		return fmt.Errorf("%w: %w", sqlstore.ErrGuard, err)
	case coded(err, "0A000") && !errors.Is(err, sqlstore.ErrUnsupported): // a step translates what its statements have
		return fmt.Errorf("%w: %w", sqlstore.ErrUnsupported, err)
	}
	return err
}
