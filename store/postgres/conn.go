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
		Table: `select 1 where to_regclass($1) is not null`}
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
		rows, err := p.Query(ctx, sql, args...)
		if err != nil {
			return translate(err)
		}
		return scan(rows, func(r sqlstore.Row) error { answered = true; return f(r) })
	})
}

// Write is a transaction of one round trip. It is tried again as in [conn.Tx].
func (c *conn) Write(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) (rows int, err error) {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	err = c.step(ctx, new(bool), func(p *pgx.Conn) error {
		rows = 0
		t := begin(ctx, p, true)
		t.batch.Queue(sql, args...)
		t.batch.Queue("commit")
		return undo(ctx, p, t.flush(func(r pgx.BatchResults) error {
			answer, err := r.Query()
			if err == nil {
				err = scan(answer, func(r sqlstore.Row) error { rows++; return f(r) })
			}
			if err == nil {
				_, err = r.Exec()
			}
			return translate(err)
		}))
	})
	return rows, err
}

func scan(rows pgx.Rows, f func(sqlstore.Row) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
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

// begin starts a transaction with the first flush. It names its isolation level: if the server's
// default is repeatable read or serializable, steps on the same rows would make each other fail
// instead of waiting for each other.
func begin(ctx context.Context, c *pgx.Conn, durable bool) *tx {
	t := &tx{ctx: ctx, conn: c, batch: &pgx.Batch{}}
	t.Queue(ctx, nil, "begin isolation level read committed")
	if !durable {
		t.Queue(ctx, nil, "set local synchronous_commit = off")
	}
	return t
}

func run(ctx context.Context, c *pgx.Conn, durable bool, f func(sqlstore.Tx) error) error {
	t := begin(ctx, c, durable)
	err := f(t)
	if err == nil {
		err = t.commit(ctx)
	}
	return undo(ctx, c, err)
}

// undo rolls back the transaction that err has left open. A connection that cannot do so is
// closed, which rolls back too.
func undo(ctx context.Context, c *pgx.Conn, err error) error {
	if err == nil || c.IsClosed() || c.PgConn().TxStatus() == 'I' {
		return err
	}
	parting, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingPatience)
	defer cancel()
	if _, failed := c.Exec(parting, "rollback"); failed != nil {
		err = errors.Join(err, failed, c.Close(parting))
	}
	return err
}

// tx sends the queued statements, and the one whose answer is needed, in one round trip.
type tx struct {
	ctx    context.Context // of the transaction; the one that a statement is given has no bound
	conn   *pgx.Conn
	batch  *pgx.Batch
	none   []error // of each queued statement
	guards bool    // whether any of them is set
}

func (t *tx) Queue(_ context.Context, none error, sql string, args ...any) {
	t.batch.Queue(sql, args...)
	t.none = append(t.none, none)
	t.guards = t.guards || none != nil
}

func (t *tx) Exec(_ context.Context, sql string, args ...any) (n int64, err error) {
	t.batch.Queue(sql, args...)
	err = t.flush(func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		n = tag.RowsAffected()
		return translate(err)
	})
	return n, err
}

func (t *tx) Rows(_ context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	t.batch.Queue(sql, args...)
	return t.flush(func(r pgx.BatchResults) error {
		rows, err := r.Query()
		if err != nil {
			return translate(err)
		}
		return scan(rows, f)
	})
}

// commit is sent with the last statements, unless one of them may still fail the step.
func (t *tx) commit(ctx context.Context) error {
	if t.guards {
		if err := t.flush(nil); err != nil {
			return err
		}
	}
	_, err := t.Exec(ctx, "commit")
	return err
}

func (t *tx) flush(last func(pgx.BatchResults) error) (err error) {
	results, none := t.conn.SendBatch(t.ctx, t.batch), t.none
	t.batch, t.none, t.guards = &pgx.Batch{}, nil, false
	for _, missing := range none {
		tag, err := results.Exec()
		if err == nil && missing != nil && tag.RowsAffected() == 0 {
			err = missing
		}
		if err != nil {
			_ = results.Close() // the first error is the one to report
			return translate(err)
		}
	}
	if last != nil {
		if err := last(results); err != nil {
			_ = results.Close()
			return err
		}
	}
	return translate(results.Close())
}

func undone(err error) bool {
	return coded(err, "40001", "40P01")
}

// coded reports whether err carries one of these SQLSTATE codes.
func coded(err error, codes ...string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// translate turns unique_violation into [authkit.ErrConflict], and so duplicate_table and
// duplicate_object, which report a table that another transaction creates at the same time.
func translate(err error) error {
	if coded(err, "23505", "42P07", "42710") {
		return authkit.ErrConflict
	}
	return err
}
