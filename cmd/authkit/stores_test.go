package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// schemas numbers the schemas of this run, one for each store.
var schemas atomic.Int64

// durable are the stores that outlive a process, each with what makes a new one and
// answers its --store. Postgres is among them where a server is named.
func durable() map[string]func(*testing.T) string {
	out := map[string]func(*testing.T) string{
		"sqlite": func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "auth.db") },
	}
	if dsn := os.Getenv("AUTHKIT_TEST_POSTGRES"); dsn != "" {
		out["postgres"] = func(t *testing.T) string { t.Helper(); return schema(t, dsn) }
	}
	return out
}

// schema makes one and answers a URL that keeps to it.
func schema(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("cmd%d_%d", os.Getpid(), schemas.Add(1))
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "create schema "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's own has ended by now
		if _, err := conn.Exec(ctx, "drop schema "+name+" cascade"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	q := u.Query()
	q.Set("search_path", name)
	q.Set("pool_max_conns", "10") // a server that tests share has only so many
	u.RawQuery = q.Encode()
	return u.String()
}
