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

// schemas counts the schemas of this run, one for each store.
var schemas atomic.Int64

// durable returns the stores that outlive a process, each with a function that makes a new one
// and returns its --store. Postgres is among them if the environment names a server.
func durable() map[string]func(*testing.T) string {
	out := map[string]func(*testing.T) string{
		"sqlite": func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "auth.db") },
	}
	if dsn := os.Getenv("AUTHKIT_TEST_POSTGRES"); dsn != "" {
		out["postgres"] = func(t *testing.T) string { t.Helper(); return schema(t, dsn) }
	}
	return out
}

// schema makes a schema and returns a URL whose connections use it.
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
		ctx := context.Background() // the context of the test has ended by now
		if _, err := conn.Exec(ctx, "drop schema "+name+" cascade"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	q := u.Query()
	q.Set("search_path", name)
	q.Set("pool_max_conns", "10") // the server that tests share has few
	u.RawQuery = q.Encode()
	return u.String()
}
