package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// preparedMost is how many statements stay prepared. Verbs have about 150; the others are built
// for a search, and have one of few shapes too.
const preparedMost = 256

// readers runs statements on the connections of a handle. Each statement is prepared once a
// connection.
type readers struct {
	db *sql.DB

	// turns has room for one reader a connection; nil if the handle is a host's. With it, callers
	// wait here and not for a connection, so that a statement can run without its caller's
	// context: to watch that costs a third of the time of a look-up. All statements are short.
	turns chan struct{}

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func newReaders(db *sql.DB) *readers { return &readers{db: db, stmts: map[string]*sql.Stmt{}} }

func (r *readers) Rows(ctx context.Context, query string, f func(sqlstore.Row) error, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.turns != nil {
		select {
		case r.turns <- struct{}{}:
			defer func() { <-r.turns }()
		case <-ctx.Done():
			return ctx.Err()
		}
		ctx = context.WithoutCancel(ctx)
	}
	s, err := r.statement(ctx, query) //nolint:sqlclosecheck // it stays prepared
	if err != nil {
		return translate(err)
	}
	var rows *sql.Rows
	if s != nil {
		rows, err = s.QueryContext(ctx, args...)
	} else {
		rows, err = r.db.QueryContext(ctx, query, args...)
	}
	return translate(scan(rows, err, f))
}

// statement returns the statement prepared, or nil if as many are as may be.
func (r *readers) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.RLock()
	s, full := r.stmts[query], len(r.stmts) >= preparedMost
	r.mu.RUnlock()
	if s != nil || full {
		return s, nil
	}
	s, err := r.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.stmts[query]; other != nil || r.stmts == nil {
		return other, s.Close() //nolint:sqlclosecheck // the others stay open
	}
	r.stmts[query] = s
	return s, nil
}

// close closes what was prepared.
func (r *readers) close() (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stmts {
		err = errors.Join(err, s.Close())
	}
	r.stmts = nil
	return err
}

// scan calls f for each row.
func scan(rows *sql.Rows, err error, f func(sqlstore.Row) error) error {
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // after an error of f
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}
