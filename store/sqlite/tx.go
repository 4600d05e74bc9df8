package sqlite

import (
	"context"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// tx is one step of a transaction. It runs queued statements at once, since there are no round
// trips to save, and reports their errors with the next call. After an error it runs no
// statement: SQLite may have rolled back the transaction, and would commit each one by itself.
type tx struct {
	line   *line
	failed error
}

func (t *tx) Queue(ctx context.Context, none error, query string, args ...any) {
	if none == nil {
		_, _ = t.Exec(ctx, query, args...)
		return
	}
	t.Ask(ctx, none, func(sqlstore.Row) error { return nil }, query, args...)
}

func (t *tx) Ask(ctx context.Context, none error, f func(sqlstore.Row) error, query string, args ...any) {
	found := false
	err := t.Rows(ctx, query, func(r sqlstore.Row) error { found = true; return f(r) }, args...)
	if err == nil && !found {
		t.failed = none // nil: no row is fine
	}
}

func (t *tx) Exec(_ context.Context, query string, args ...any) (n int64, err error) {
	if t.failed == nil {
		n, err = t.line.exec(query, args...)
		t.failed = translate(err)
	}
	return n, t.failed
}

func (t *tx) Rows(_ context.Context, query string, f func(sqlstore.Row) error, args ...any) error {
	if t.failed == nil {
		t.failed = translate(t.line.rows(query, f, args...))
	}
	return t.failed
}
