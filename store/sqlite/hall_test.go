package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// hall is a store with a table of names, each of which can be written once.
type hall struct {
	*testing.T
	s    *Store
	path string
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{T: t, path: filepath.Join(t.TempDir(), "a.db")}
	var err error
	if h.s, err = Open(t.Context(), h.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.s.Close(); err != nil {
			t.Error(err)
		}
	})
	h.s.conn.w.most = time.Hour // a group of a test is never cut short
	h.ok(h.write("create table names (name text not null primary key)"))
	h.ok(h.write("create table refs (name text not null references names (name))", "create table blobs (b blob)"))
	return h
}

func (h *hall) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// write runs statements as one step.
func (h *hall) write(stmts ...string) error {
	return h.s.conn.Tx(h.Context(), true, h.doing(nil, stmts...))
}

// doing is a step that runs statements and then f.
func (h *hall) doing(f func() error, stmts ...string) func(sqlstore.Tx) error {
	return func(q sqlstore.Tx) error {
		for _, s := range stmts {
			q.Queue(h.Context(), nil, s)
		}
		if f == nil {
			return nil
		}
		return f()
	}
}

func adding(name string) string { return fmt.Sprintf("insert into names values ('%s')", name) }

// names returns what readers see.
func (h *hall) names() string {
	h.Helper()
	var all []string
	h.ok(h.s.conn.Rows(h.Context(), "select name from names order by name", func(r sqlstore.Row) error {
		var n string
		err := r.Scan(&n)
		all = append(all, n)
		return err
	}))
	return strings.Join(all, " ")
}

func (h *hall) is(got, want any) {
	h.Helper()
	if got != want {
		h.Errorf("got %v, want %v", got, want)
	}
}

// member is one step of a group. The fields after f are set by [hall.group].
type member struct {
	ctx      context.Context // nil: that of the test
	f        func(sqlstore.Tx) error
	err      error
	panicked any
	done     chan struct{}
}

// group runs steps in one transaction: they wait while a step before them, which writes nothing,
// is held. It calls beside before it lets that step go on.
func (h *hall) group(beside func(), members ...*member) {
	h.Helper()
	held, hold, first := make(chan struct{}, 2), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(first)
		_ = h.s.conn.Tx(h.Context(), true, func(sqlstore.Tx) error {
			held <- struct{}{}
			<-hold
			return nil
		})
	}()
	<-held
	for _, m := range members {
		ctx := m.ctx
		if ctx == nil {
			ctx = h.Context()
		}
		m.done = make(chan struct{})
		before := h.s.conn.w.latest()
		go func() {
			defer close(m.done)
			defer func() { m.panicked = recover() }()
			m.err = errGone // unless the step ends the goroutine
			m.err = h.s.conn.Tx(ctx, true, m.f)
		}()
		for h.s.conn.w.latest() == before {
			runtime.Gosched()
		}
	}
	if beside != nil {
		beside()
	}
	close(hold)
	<-first
	for _, m := range members {
		<-m.done
	}
}
