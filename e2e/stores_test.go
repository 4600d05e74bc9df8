package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testschema"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// onEachStore runs a test over every store. Postgres is among them if AUTHKIT_TEST_POSTGRES
// names a server.
func onEachStore(t *testing.T, test func(t *testing.T, with func(*authkit.Config))) {
	t.Helper()
	stores := map[string]func(*testing.T) authkit.Store{
		"memory": func(*testing.T) authkit.Store { return memory.New() },
		"sqlite": openSQLite,
	}
	if dsn := os.Getenv("AUTHKIT_TEST_POSTGRES"); dsn != "" {
		stores["postgres"] = func(t *testing.T) authkit.Store { t.Helper(); return openPostgres(t, dsn) }
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			test(t, func(c *authkit.Config) { c.Store = store })
		})
	}
}

func openSQLite(t *testing.T) authkit.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "auth.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// openPostgres makes a store in a schema of its own.
func openPostgres(t *testing.T, dsn string) authkit.Store {
	t.Helper()
	s, err := postgres.New(t.Context(), connect(t, testschema.New(t, dsn)))
	if err != nil {
		t.Fatal(err)
	}
	return s
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
