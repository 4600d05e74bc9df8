package postgres_test

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
)

// demotable is a store whose connections are read-only if demoted is set when they begin, like
// those to a primary that has become a standby. All its connections are open.
func demotable(t *testing.T) (s authkit.Store, pool *pgxpool.Pool, demoted *atomic.Bool) {
	t.Helper()
	dsn := fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES"))
	demoted = &atomic.Bool{}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 8
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		if !demoted.Load() {
			return nil
		}
		_, err := c.Exec(ctx, "set default_transaction_read_only = on")
		return err
	}
	pool, err = pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s, err = postgres.New(t.Context(), pool, postgres.WithPatience(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return s, pool, demoted
}

// warm opens all connections of the pool anew.
func warm(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	pool.Reset()
	var all []*pgxpool.Conn
	for range pool.Config().MaxConns {
		c, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		c.Release()
	}
}

func TestReadOnlyConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	s, pool, demoted := demotable(t)
	app := newApp(t, s)
	demoted.Store(true)
	warm(t, pool)
	if _, err := s.Ping(t.Context()); err == nil {
		t.Error("Ping where nothing can be written: got nil, want an error")
	}
	warm(t, pool)
	demoted.Store(false)
	var calls sync.WaitGroup
	for range pool.Config().MaxConns {
		calls.Go(func() {
			if err := s.Put(t.Context(), authkit.Put{App: app}); err != nil {
				t.Errorf("Put by connections of the past: got %v, want nil by a new one", err)
			}
		})
	}
	calls.Wait()
	if _, err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping once it is over: got %v, want nil", err)
	}
}

func TestConnectionsEndedByTheServerAreClosed(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	s, pool, _ := demotable(t)
	warm(t, pool)
	rows, err := connect(t, os.Getenv("AUTHKIT_TEST_POSTGRES")).Query(t.Context(),
		"select pg_terminate_backend(pid) from pg_stat_activity where pid = any ($1)", backends(t, pool))
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	failed := 0
	for range pool.Config().MaxConns {
		if _, err := s.Ping(t.Context()); err != nil {
			failed++
		}
	}
	if failed > 1 {
		t.Errorf("calls after the server has ended all connections: got %d failures, want at most one", failed)
	}
}

// backends returns the server's process of each connection of the pool.
func backends(t *testing.T, pool *pgxpool.Pool) []int32 {
	t.Helper()
	var pids []int32
	for _, c := range pool.AcquireAllIdle(t.Context()) {
		pids = append(pids, int32(c.Conn().PgConn().PID()))
		c.Release()
	}
	return pids
}

func newApp(t *testing.T, s authkit.Store) uuid.UUID {
	t.Helper()
	a := authkit.App{ID: uuid.New(), Developer: "host:x", Name: "x", NameKey: "x"}
	if err := s.CreateApp(t.Context(), authkit.NewApp{App: a, First: authkit.SigningKey{KID: "k1", Seq: 1}}); err != nil {
		t.Fatal(err)
	}
	return a.ID
}
