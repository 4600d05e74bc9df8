package postgres

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// tx sends what is queued, up to the commit, in one round trip. A guard therefore fails on the
// server: a statement that finds no row divides by zero, which keeps what follows from running.
type tx struct {
	ctx    context.Context // of the transaction; the one that a statement is given has no bound
	conn   *pgx.Conn
	batch  *pgx.Batch
	queued []answer // of each statement in batch
}

// answer says what to do with the result of a statement.
type answer struct {
	none error                    // of the step if there is no row; nil: any number will do
	f    func(sqlstore.Row) error // for each row; nil: they are not looked at

	written *int64 // takes the number of rows
}

// begin starts a transaction with the first flush. It names its isolation level: if the server's
// default is repeatable read or serializable, steps on the same rows would make each other fail
// instead of waiting for each other.
func begin(ctx context.Context, c *pgx.Conn, durable bool) *tx {
	t := &tx{ctx: ctx, conn: c, batch: &pgx.Batch{}}
	t.add(answer{}, "begin isolation level read committed")
	if !durable {
		t.add(answer{}, "set local synchronous_commit = off")
	}
	return t
}

func run(ctx context.Context, c *pgx.Conn, durable bool, f func(sqlstore.Tx) error) error {
	t := begin(ctx, c, durable)
	err := f(t)
	if err == nil {
		t.add(answer{}, "commit")
		err = t.flush()
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

func (t *tx) add(a answer, sql string, args ...any) {
	t.batch.Queue(sql, native(args)...)
	t.queued = append(t.queued, a)
}

func (t *tx) Queue(_ context.Context, none error, sql string, args ...any) {
	if none != nil {
		sql = guards.of(sql)
	}
	t.add(answer{none: none}, sql, args...)
}

func (t *tx) Ask(_ context.Context, none error, f func(sqlstore.Row) error, sql string, args ...any) {
	if none != nil {
		sql = askedGuards.of(sql)
	}
	t.add(answer{none: none, f: f}, sql, args...)
}

func (t *tx) Exec(_ context.Context, sql string, args ...any) (n int64, err error) {
	t.add(answer{written: &n}, sql, args...)
	err = t.flush()
	return n, err
}

func (t *tx) Rows(_ context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	t.add(answer{f: f}, sql, args...)
	return t.flush()
}

// flush sends what is queued. The first error is the one to report.
func (t *tx) flush() error {
	results, queued := t.conn.SendBatch(t.ctx, t.batch), t.queued
	t.batch, t.queued = &pgx.Batch{}, nil
	for _, a := range queued {
		if err := a.take(results); err != nil {
			_ = results.Close()
			return err
		}
	}
	return translate(results.Close())
}

// take reads the next result. The division by zero of a guard is the guard's own error.
func (a answer) take(results pgx.BatchResults) error {
	var err error
	if a.f != nil {
		var rows pgx.Rows
		if rows, err = results.Query(); err == nil {
			err = scan(rows, a.f)
		}
	} else {
		var tag pgconn.CommandTag
		if tag, err = results.Exec(); a.written != nil {
			*a.written = tag.RowsAffected()
		}
	}
	if a.none != nil && coded(err, "22012") {
		return a.none
	}
	return translate(err)
}

// wrapping turns statements into guards, and remembers the texts: they are few.
type wrapping struct {
	tail  string
	texts sync.Map
}

// A guard counts the rows of a statement that writes or locks them. Its subquery is no part of a
// larger plan, so that it runs to its end.
var (
	guards      = &wrapping{tail: " select 1 / count(*) from guard"}
	askedGuards = &wrapping{tail: " select guard.* from (select 1 / count(*) as some from guard) found left join guard on found.some >= 0"}
)

// of returns the guard for a statement.
func (w *wrapping) of(sql string) string {
	if text, ok := w.texts.Load(sql); ok {
		return text.(string) //nolint:forcetypeassert // only texts are stored
	}
	text := "with guard as (" + sql + ")" + w.tail
	if first, then, ok := strings.Cut(sql, sqlstore.Then); ok {
		text = first + ", guard as (" + then + ")" + w.tail
	}
	w.texts.Store(sql, text)
	return text
}
