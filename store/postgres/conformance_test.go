package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/storetest"
)

// made counts the schemas of this run, whose names it numbers.
var made atomic.Int64

// server is a way to set up the server and to create the tables in it.
type server struct {
	isolation string // the default of its sessions
	layout    []postgres.MigrateOption
}

// servers lists the ways to set up the server and its tables.
func servers() map[string]server {
	return map[string]server{
		"plain":           {"read committed", nil},
		"partitioned":     {"read committed", []postgres.MigrateOption{postgres.Partitions(4)}},
		"repeatable read": {"repeatable read", nil},
		"serializable":    {"serializable", nil},
	}
}

// TestConformance runs on the server that AUTHKIT_TEST_POSTGRES names. Without it no subtest is
// listed.
func TestConformance(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	for name, server := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spare := &schemas{of: t, dsn: dsn, server: server}
			storetest.Run(t, func(t *testing.T) storetest.Opened {
				t.Helper()
				schema := spare.empty(t)
				open := func(t *testing.T) authkit.Store { t.Helper(); return open(t, schema) }
				return storetest.Opened{Store: open(t), Again: open}
			})
		})
	}
}

// schemas are the schemas of one server. A schema is emptied and used again, since it takes longer
// to create and drop its tables than to run most tests in it.
type schemas struct {
	of     *testing.T // who drops them
	dsn    string
	server server

	mu   sync.Mutex
	free []*pgxpool.Pool
}

// empty lends an empty schema to a test. It returns a DSN that uses that schema.
func (s *schemas) empty(t *testing.T) string {
	t.Helper()
	pool := s.take()
	if pool == nil {
		pool = connect(s.of, isolated(t, fresh(s.of, s.dsn), s.server.isolation))
		if _, err := postgres.Migrate(t.Context(), pool, s.server.layout...); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := wipe(context.Background(), pool); err != nil {
			t.Error(err)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.free = append(s.free, pool)
	})
	return pool.Config().ConnString()
}

func (s *schemas) take() *pgxpool.Pool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) == 0 {
		return nil
	}
	last := len(s.free) - 1
	pool := s.free[last]
	s.free = s.free[:last]
	return pool
}

// wipe removes every row but those of the migrations.
func wipe(ctx context.Context, pool *pgxpool.Pool) error {
	rows, err := pool.Query(ctx, `select c.relname from pg_class c where c.relnamespace = current_schema()::regnamespace
and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'authkit_migrations' order by c.relname = 'authkit_users'`)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	_, err = pool.Exec(ctx, "delete from "+strings.Join(tables, "; delete from "))
	return err
}

// fresh makes a schema and returns a DSN that uses it.
func fresh(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("t%d_%d", os.Getpid(), made.Add(1))
	admin := connect(t, dsn)
	if _, err := admin.Exec(t.Context(), "create schema "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if _, err := admin.Exec(context.Background(), "drop schema "+schema+" cascade"); err != nil && !strings.Contains(err.Error(), "closed pool") {
			t.Error(err)
		}
	})
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// isolated returns a DSN whose sessions have another default isolation level.
func isolated(t *testing.T, dsn, level string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("default_transaction_isolation", level)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // as Postgres reads a URL
	return u.String()
}

func connect(t *testing.T, dsn string) *pgxpool.Pool {
	t.Helper()
	c, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func open(t *testing.T, dsn string) authkit.Store {
	t.Helper()
	s, err := postgres.New(t.Context(), connect(t, dsn))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
