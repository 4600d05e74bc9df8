package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit/store/postgres"
)

// restricted returns the DSN of a role that may use the schema and its tables, but may create
// nothing.
func restricted(t *testing.T, schema string, pool *pgxpool.Pool) string {
	t.Helper()
	u, err := url.Parse(schema)
	if err != nil {
		t.Fatal(err)
	}
	name := u.Query().Get("search_path")
	grant := "grant select, insert, update, delete on all tables in schema " + name + " to " + name
	for _, sql := range []string{"create role " + name + " login password 'x'", "grant usage on schema " + name + " to " + name, grant} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { // before the schema is dropped, and after its connections are closed
		if _, err := pool.Exec(context.Background(), "drop owned by "+name+"; drop role "+name); err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword(name, "x")
	return u.String()
}

func TestARoleWithoutCreateServesMigratedTables(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	schema := fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES"))
	owner := connect(t, schema)
	if _, err := postgres.Migrate(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	role := connect(t, restricted(t, schema, owner))
	names, err := postgres.Pending(t.Context(), role)
	if err != nil || len(names) > 0 {
		t.Errorf("Pending: got %v, %v, want nothing", names, err)
	}
	s, err := postgres.New(t.Context(), role)
	if err != nil {
		t.Fatalf("New: got %v, want a store", err)
	}
	newApp(t, s)
	if _, err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping: got %v, want nil", err)
	}
}

func TestTheErrorOfARoleWithoutCreateSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	for name, made := range map[string]string{
		"everything":           "select 1",
		"all but the versions": "create table authkit_migrations (version text not null primary key, checksum text not null)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schema := fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES"))
			owner := connect(t, schema)
			if _, err := owner.Exec(t.Context(), made); err != nil {
				t.Fatal(err)
			}
			_, err := postgres.New(t.Context(), connect(t, restricted(t, schema, owner)))
			if want := "run `authkit migrate` as one that may"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("New: got %v, want one that says %q", err, want)
			}
		})
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	pool := connect(t, fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES")))
	if _, err := postgres.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "insert into authkit_migrations values ('0999_later.sql', 'x')"); err != nil {
		t.Fatal(err)
	}
	_, started := postgres.New(t.Context(), pool)
	_, looked := postgres.Pending(t.Context(), pool)
	for what, err := range map[string]error{"New": started, "Pending": looked} {
		if want := fmt.Sprintf("migration %q: the store was migrated by a newer version", "0999_later.sql"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want one that says %q", what, err, want)
		}
	}
}
