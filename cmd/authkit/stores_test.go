package main

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/authkit-dev/authkit/internal/testschema"
)

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
	u, err := url.Parse(testschema.New(t, dsn))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("pool_max_conns", "10") // the server that tests share has few
	u.RawQuery = q.Encode()
	return u.String()
}
