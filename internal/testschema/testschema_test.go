package testschema_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/authkit-dev/authkit/internal/testschema"
)

// TestNew has no subtests unless AUTHKIT_TEST_POSTGRES names a server.
func TestNew(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	var name string
	t.Run("is used by its connections", func(t *testing.T) {
		name = ask(t, testschema.New(t, dsn), "select current_schema()")
		if other := ask(t, testschema.New(t, dsn), "select current_schema()"); name == "" || other == name {
			t.Errorf("schemas: got %q and %q, want two", name, other)
		}
	})
	t.Run("ends with its test", func(t *testing.T) {
		if got := ask(t, dsn, "select count(*)::text from pg_namespace where nspname = '"+name+"'"); got != "0" {
			t.Errorf("schemas named %q: got %s, want 0", name, got)
		}
	})
}

func ask(t *testing.T, dsn, sql string) (out string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}
