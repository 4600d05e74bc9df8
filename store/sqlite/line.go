package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// line is the connection that writes. It runs every statement to its end, even after the caller's
// context has ended: SQLite interrupts a connection, and with it the steps of others in the same
// transaction. What it prepares is closed with it.
type line struct {
	conn     *sql.Conn
	stmts    map[string]*sql.Stmt
	patience int  // the busy_timeout of the handle, in milliseconds
	full     bool // whether commits are synchronised
}

// dial takes a connection of the handle. Its busy_timeout is 0 until it is given back:
// [line.begin] waits for other processes itself.
func dial(ctx context.Context, db *sql.DB) (*line, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	l := &line{conn: conn, stmts: map[string]*sql.Stmt{}, full: true}
	err = conn.QueryRowContext(context.Background(), "pragma busy_timeout").Scan(&l.patience)
	if err == nil {
		err = l.pragma("busy_timeout = 0")
	}
	if err != nil {
		return nil, errors.Join(err, l.discard())
	}
	return l, nil
}

// pragma sets a pragma. It is not prepared: many pragmas take effect when they are prepared, and
// not when they run.
func (l *line) pragma(set string) error {
	_, err := l.conn.ExecContext(context.Background(), "pragma "+set)
	return err
}

// durably makes the transactions that follow durable, or not.
func (l *line) durably(full bool) error {
	if l.full == full {
		return nil
	}
	set := "synchronous = NORMAL"
	if full {
		set = "synchronous = FULL"
	}
	err := l.pragma(set)
	if err == nil {
		l.full = full
	}
	return err
}

// hangUp gives the connection back as it was.
func (l *line) hangUp() error {
	err := errors.Join(l.durably(true), l.pragma(fmt.Sprintf("busy_timeout = %d", l.patience)))
	if err != nil {
		return errors.Join(err, l.discard())
	}
	for _, s := range l.stmts {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, l.conn.Close())
}

// discard closes the connection, so that no pool hands it out again.
func (l *line) discard() error {
	err := l.conn.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) {
		err = nil
	}
	return err
}

const (
	pollLeast = 250 * time.Microsecond
	pollMost  = 3 * time.Millisecond
)

// begin takes the write lock at once: a transaction that reads first and writes later can fail
// when it takes the lock. While another process holds the lock, begin asks more often than
// SQLite would, since a busy process frees it for a moment only.
func (l *line) begin(ctx context.Context) error { return l.patiently(ctx, "begin immediate") }

// commit waits as begin does: without a write-ahead log, it needs a moment without readers.
func (l *line) commit() error { return l.patiently(context.Background(), "commit") }

func (l *line) patiently(ctx context.Context, query string) error {
	give := time.Now().Add(time.Duration(l.patience) * time.Millisecond)
	for pause := pollLeast; ; pause = min(2*pause, pollMost) {
		_, err := l.exec(query)
		if !busy(err) || time.Now().After(give) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // spreads the processes
		}
	}
}

// rollback ends the transaction, unless SQLite has ended it already.
func (l *line) rollback() error {
	_, err := l.exec("rollback")
	if code(err)&0xff == 1 { // SQLITE_ERROR: no transaction is active
		return nil
	}
	return err
}

// statement returns the statement prepared, or nil if as many are as may be.
func (l *line) statement(query string) (*sql.Stmt, error) {
	s := l.stmts[query]
	if s != nil || len(l.stmts) >= preparedMost {
		return s, nil
	}
	s, err := l.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	l.stmts[query] = s
	return s, nil
}

func (l *line) exec(query string, args ...any) (int64, error) {
	s, err := l.statement(query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return 0, err
	}
	var res sql.Result
	if s != nil {
		res, err = s.ExecContext(context.Background(), args...)
	} else {
		res, err = l.conn.ExecContext(context.Background(), query, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (l *line) rows(query string, f func(sqlstore.Row) error, args ...any) error {
	s, err := l.statement(query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return err
	}
	var rows *sql.Rows
	if s != nil {
		rows, err = s.QueryContext(context.Background(), args...)
	} else {
		rows, err = l.conn.QueryContext(context.Background(), query, args...)
	}
	return scan(rows, err, f)
}
