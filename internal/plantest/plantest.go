// Package plantest shows how a database runs each statement of the hot verbs of
// [authkit.Store] on tables that hold many rows. Only tests of the SQL adapters use it:
//
//	for _, sql := range plantest.Fill("uuid", "bytea") { … }
//	store := sqlstore.New(plantest.Tap{Conn: conn, Explain: explain})
//	for _, v := range plantest.Verbs() {
//		v.Do(ctx, store)
//	}
package plantest

import (
	"context"
	"errors"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// Explain examines the plan of one statement. It may run the statement: the effects are undone
// afterwards.
type Explain func(ctx context.Context, q sqlstore.Tx, sql string, args ...any) error

// Tap is a [sqlstore.Conn] that explains each statement before it runs it.
type Tap struct {
	sqlstore.Conn
	Explain Explain
}

// errUndo rolls back a transaction that only explained a statement.
var errUndo = errors.New("undo")

func (t Tap) look(ctx context.Context, sql string, args ...any) error {
	err := t.Conn.Tx(ctx, true, func(q sqlstore.Tx) error {
		q.Queue(ctx, nil, "savepoint look") // to which an Explain may roll back
		if err := t.Explain(ctx, q, sql, args...); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return err
}

// Rows implements [sqlstore.Reader].
func (t Tap) Rows(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	if err := t.look(ctx, sql, args...); err != nil {
		return err
	}
	return t.Conn.Rows(ctx, sql, f, args...)
}

// Write implements [sqlstore.Conn].
func (t Tap) Write(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) (int, error) {
	if err := t.look(ctx, sql, args...); err != nil {
		return 0, err
	}
	return t.Conn.Write(ctx, sql, f, args...)
}

// Tx implements [sqlstore.Conn].
func (t Tap) Tx(ctx context.Context, durable bool, f func(sqlstore.Tx) error) error {
	return t.Conn.Tx(ctx, durable, func(q sqlstore.Tx) error {
		tapped := &tx{Tx: q, explain: t.Explain}
		return errors.Join(f(tapped), tapped.failed)
	})
}

type tx struct {
	sqlstore.Tx
	explain Explain
	failed  error
}

// look explains a statement between a savepoint and its rollback.
func (t *tx) look(ctx context.Context, sql string, args ...any) error {
	if t.failed != nil {
		return t.failed
	}
	t.Tx.Queue(ctx, nil, "savepoint look")
	if t.failed = t.explain(ctx, t.Tx, sql, args...); t.failed == nil {
		t.Tx.Queue(ctx, nil, "rollback to savepoint look")
	}
	return t.failed
}

func (t *tx) Queue(ctx context.Context, none error, sql string, args ...any) {
	if t.look(ctx, sql, args...) == nil {
		t.Tx.Queue(ctx, none, sql, args...)
	}
}

func (t *tx) Ask(ctx context.Context, none error, f func(sqlstore.Row) error, sql string, args ...any) {
	if t.look(ctx, sql, args...) == nil {
		t.Tx.Ask(ctx, none, f, sql, args...)
	}
}

func (t *tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := t.look(ctx, sql, args...); err != nil {
		return 0, err
	}
	return t.Tx.Exec(ctx, sql, args...)
}

func (t *tx) Rows(ctx context.Context, sql string, f func(sqlstore.Row) error, args ...any) error {
	if err := t.look(ctx, sql, args...); err != nil {
		return err
	}
	return t.Tx.Rows(ctx, sql, f, args...)
}
