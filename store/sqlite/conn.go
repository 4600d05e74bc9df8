package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// conn is an [sqlstore.Conn]: any number of readers beside one writer.
type conn struct {
	*readers
	w *writer
}

func newConn(write, read *sql.DB) *conn {
	return &conn{readers: newReaders(read), w: &writer{db: write, most: groupTime}}
}

func (c *conn) Dialect() sqlstore.Dialect {
	return sqlstore.Dialect{
		Clock: `select cast((julianday('now') - 2440587.5) * 86400000000 as integer)`,
		Table: `select 1 from sqlite_master where type = 'table' and name = $1`,
	}
}

func (c *conn) Write(ctx context.Context, query string, f func(sqlstore.Row) error, args ...any) (rows int, err error) {
	err = c.w.Tx(ctx, durable, func(q sqlstore.Tx) error {
		rows = 0
		return q.Rows(ctx, query, func(r sqlstore.Row) error { rows++; return f(r) }, args...)
	})
	return rows, err
}

func (c *conn) Tx(ctx context.Context, lasting bool, f func(sqlstore.Tx) error) error {
	if lasting {
		return c.w.Tx(ctx, durable, f)
	}
	return c.w.Tx(ctx, relaxed, f)
}

// close closes what was prepared, and gives back the connection of the writer.
func (c *conn) close() error { return errors.Join(c.readers.close(), c.w.close()) }

// translate turns the extended result codes of a unique key and of a primary key into
// [authkit.ErrConflict].
func translate(err error) error {
	if c := code(err); c == 2067 || c == 1555 {
		return authkit.ErrConflict
	}
	return err
}

// busy reports whether err is SQLITE_BUSY, in any of its extended forms.
func busy(err error) bool { return code(err)&0xff == 5 }

// code is the extended result code of SQLite, or 0 if the error is another.
func code(err error) int {
	if err == nil {
		return 0
	}
	e, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	if !ok {
		return 0
	}
	return e.Code()
}
