// Package testschema makes a schema of a Postgres database for a test, so that tests can share
// a server.
package testschema

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// New makes a schema and returns a URL whose connections use it. The schema is dropped at the
// end of the test, after the cleanups that the test registers later.
func New(tb testing.TB, dsn string) string {
	tb.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	exec(tb, tb.Context(), dsn, "create schema "+name)
	tb.Cleanup(func() { exec(tb, context.Background(), dsn, "drop schema "+name+" cascade") }) // tb.Context has ended by then
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // as Postgres reads a URL
	return u.String()
}

// exec uses a connection of its own, so that a test keeps no connection of a shared server.
func exec(tb testing.TB, ctx context.Context, dsn, sql string) {
	tb.Helper()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		tb.Error(err)
		return
	}
	defer conn.Close(ctx) //nolint:errcheck // the statement is committed
	if _, err := conn.Exec(ctx, sql); err != nil {
		tb.Error(err)
	}
}
