package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

// asked returns the integer that a pragma answers within a step.
func (h *hall) asked(pragma string, lasting bool) (n int) {
	h.Helper()
	h.ok(h.s.conn.Tx(h.Context(), lasting, func(q sqlstore.Tx) error {
		return q.Rows(h.Context(), "pragma "+pragma, func(r sqlstore.Row) error { return r.Scan(&n) })
	}))
	return n
}

func TestADurableStepIsSynchronisedAndARelaxedOneIsNot(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	for range 2 {
		h.is(h.asked("synchronous", true), 2)
		h.is(h.asked("synchronous", false), 1)
	}
}

func TestAReadDoesNotWaitForTheWriter(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	a := &member{f: h.doing(func() error { h.is(h.names(), ""); return nil }, adding("a"))}
	h.group(func() { h.is(h.names(), "") }, a)
	h.is(h.names(), "a")
}

func TestAStepWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	other, err := handle(t, h.path).Conn(t.Context())
	h.ok(err)
	defer other.Close()
	lock := func(sql string) {
		t.Helper()
		_, err := other.ExecContext(t.Context(), sql)
		h.ok(err)
	}
	lock("begin immediate")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	h.is(h.s.conn.Tx(ctx, true, h.doing(nil, adding("a"))), context.DeadlineExceeded)
	h.s.conn.w.line.patience = 20
	if err := h.write(adding("b")); !busy(err) {
		t.Errorf("beside a process that never commits: got %v, want SQLITE_BUSY", err)
	}
	h.s.conn.w.line.patience = 60_000
	done := make(chan error, 1)
	before := h.s.conn.w.latest()
	go func() { done <- h.write(adding("c")) }()
	for h.s.conn.w.latest() == before {
		select {
		case err := <-done:
			t.Fatalf("got %v while another process writes, want the step to wait", err)
		default:
		}
	}
	lock("commit")
	h.ok(<-done)
	h.is(h.names(), "c")
}

func TestAClosedStoreRefusesSteps(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	app := authkit.App{ID: uuid.New(), Developer: "host:1", Name: "A", NameKey: "a"}
	if err := s.CreateApp(t.Context(), authkit.NewApp{App: app}); !errors.Is(err, errClosed) {
		t.Errorf("got %v, want %v", err, errClosed)
	}
	if _, err := s.App(t.Context(), app.ID); err == nil || errors.Is(err, authkit.ErrNotFound) {
		t.Errorf("got %v, want an error of the store", err)
	}
}

// TestAHostsConnectionIsGivenBack uses the only connection of a handle between two steps, as its host may.
func TestAHostsConnectionIsGivenBack(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "a.db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(1234)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s, err := New(t.Context(), db, db)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	app := authkit.App{ID: id, Developer: "host:1", Name: "A", NameKey: "a"}
	if err := s.CreateApp(t.Context(), authkit.NewApp{App: app, First: authkit.SigningKey{KID: "k"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Hit(t.Context(), authkit.Hits{App: id, Each: []authkit.Hit{{Key: "k", Limit: 1, Window: time.Hour}}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for pragma, want := range map[string]int{"busy_timeout": 1234, "synchronous": 2} {
		var got int
		if err := db.QueryRowContext(t.Context(), "pragma "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", pragma, got, err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.PingContext(t.Context()); err != nil {
		t.Errorf("the handle after Close: got %v, want it open", err)
	}
}
