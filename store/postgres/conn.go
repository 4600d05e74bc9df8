package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

const (
	// patience is how long one call of the store may take, the wait for a connection
	// included. A server that hangs closes no connection: without a bound, all who ask
	// would wait for as long as it hangs.
	patience = 1500 * time.Millisecond

	// upkeepPatience is the same for what no request waits for.
	upkeepPatience = 30 * time.Second

	// partingPatience is how long a connection may take to undo what it has begun.
	partingPatience = 500 * time.Millisecond
)

// conn is a pool.
type conn struct {
	pool      *pgxpool.Pool
	impatient bool // migrations are not
}

// bound ends what takes too long.
func (c *conn) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	switch {
	case !c.impatient:
		return ctx, func() {}
	case sqlstore.IsUpkeep(ctx):
		return context.WithTimeout(ctx, upkeepPatience)
	}
	return context.WithTimeout(ctx, patience)
}

func (c *conn) Dialect() sqlstore.Dialect {
	return sqlstore.Dialect{Share: " for share", Update: " for update",
		Clock: `select (extract(epoch from clock_timestamp()) * 1000000)::bigint`}
}

func (c *conn) Rows(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	return c.rows(ctx, sql, f, args...)
}

func (c *conn) rows(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	rows, err := c.pool.Query(ctx, sql, args...)
	if err != nil {
		return translate(err)
	}
	return scan(rows, f)
}

// Write tries again as [conn.Tx] does.
func (c *conn) Write(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) (rows int, err error) {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	for range attempts {
		rows = 0
		if err = c.rows(ctx, sql, func(r sqlstore.Row) error { rows++; return f(r) }, args...); !undone(err) {
			break
		}
	}
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

// attempts is how often a transaction that Postgres has undone is run.
const attempts = 5

// Tx tries again only when Postgres itself has undone the transaction: after a lost
// connection nobody knows whether it was committed.
func (c *conn) Tx(ctx context.Context, durable bool, f func(sqlstore.Tx) error) (err error) {
	ctx, cancel := c.bound(ctx)
	defer cancel()
	for range attempts {
		err = c.pool.AcquireFunc(ctx, func(p *pgxpool.Conn) error { return run(ctx, p.Conn(), durable, f) })
		if !undone(err) {
			break
		}
	}
	return translate(err)
}

func run(ctx context.Context, c *pgx.Conn, durable bool, f func(sqlstore.Tx) error) error {
	t := &tx{ctx: ctx, conn: c, batch: &pgx.Batch{}}
	t.Queue(ctx, nil, "begin")
	if !durable {
		t.Queue(ctx, nil, "set local synchronous_commit = off")
	}
	err := f(t)
	if err == nil {
		err = t.commit(ctx)
	}
	if err != nil && !c.IsClosed() && c.PgConn().TxStatus() != 'I' {
		// A connection that cannot undo is closed, which undoes too.
		parting, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingPatience)
		defer cancel()
		if _, undo := c.Exec(parting, "rollback"); undo != nil {
			err = errors.Join(err, undo, c.Close(parting))
		}
	}
	return err
}

// tx sends what is queued and the statement that wants an answer in one round trip.
type tx struct {
	ctx    context.Context // of the transaction, whatever a statement is given: that has no bound
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

// commit goes along with the last statements, unless one of them may yet fail the step.
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
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// translate knows unique_violation, and duplicate_table and duplicate_object, with which a
// table that is being created beside this transaction says so.
func translate(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && (e.Code == "23505" || e.Code == "42P07" || e.Code == "42710") {
		return authkit.ErrConflict
	}
	return err
}
