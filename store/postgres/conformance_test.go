package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/storetest"
)

// schemas numbers the schemas of this run, one for each store.
var schemas atomic.Int64

// layouts are the ways in which the tables may be created.
func layouts() map[string]func(ctx context.Context, pool *pgxpool.Pool) error {
	return map[string]func(context.Context, *pgxpool.Pool) error{
		"plain":       func(context.Context, *pgxpool.Pool) error { return nil },
		"partitioned": postgres.MigratePartitioned,
	}
}

// TestConformance runs on the server that AUTHKIT_TEST_POSTGRES names; without one there
// is nothing to list.
func TestConformance(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	for name, layout := range layouts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) storetest.Opened {
				t.Helper()
				schema := fresh(t, dsn)
				open := func(t *testing.T) authkit.Store { t.Helper(); return open(t, schema) }
				pool := connect(t, schema)
				if err := layout(t.Context(), pool); err != nil {
					t.Fatal(err)
				}
				return storetest.Opened{Store: open(t), Again: open}
			})
		})
	}
}

// fresh makes a schema and answers a DSN that keeps to it.
func fresh(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("t%d_%d", os.Getpid(), schemas.Add(1))
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
