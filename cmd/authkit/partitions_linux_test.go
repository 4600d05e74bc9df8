package main

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// database makes a database on the test server and returns its URL, which has no parameters that
// psql and pg_dump refuse. It is dropped at the end of the test.
func database(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	query(t, t.Context(), dsn, "create database "+name)
	t.Cleanup(func() { query(t, context.Background(), dsn, "drop database "+name+" with (force)") }) // t.Context has ended by then
	u.Path = "/" + name
	return u.String()
}

// query runs a statement and returns its rows of one text column.
func query(t *testing.T, ctx context.Context, dsn, sql string) []string {
	t.Helper()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// runs runs a program and returns what it says.
func runs(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	return string(out), err
}

// partitioned lists the tables, each with the number of its partitions.
const partitioned = `select c.relname || ' ' || (select count(*) from pg_inherits i where i.inhparent = c.oid) from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`

// TestPartitions makes partitioned tables and copies into them what plain ones hold, as
// docs/scaling.md says. It has no subtests without AUTHKIT_TEST_POSTGRES.
func TestPartitions(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("AUTHKIT_TEST_POSTGRES")
	if dsn == "" {
		return
	}
	plain, parts := database(t, dsn), database(t, dsn)
	migrated := func(t *testing.T, want string, args ...string) {
		t.Helper()
		if out, err := runs(t, "authkit", append([]string{"migrate"}, args...)...); err != nil || !strings.Contains(out, want) {
			t.Fatalf("migrate %v: got %v, %s, want %s", args, err, out, want)
		}
	}
	refused := func(t *testing.T, want string, args ...string) {
		t.Helper()
		if out, err := runs(t, "authkit", append([]string{"migrate"}, args...)...); err == nil || !strings.Contains(out, want) {
			t.Errorf("migrate %v: got %v, %s, want %s", args, err, out, want)
		}
	}
	flags := sharing(t, plain)
	p := start(t, newLines(), flags...)
	app, key := p.createApp(p.developer())
	p.credentials(app, "ann@example.com", "sign_up").want(t, 201, "")
	p.stop()

	t.Run("are not made of tables that are there", func(t *testing.T) {
		for _, more := range [][]string{nil, {"--dry-run"}} {
			refused(t, "the tables have 0 partitions, not 3: the number of partitions of a table cannot be changed in place", append(more, "--store", plain, "--partitions", "3")...)
		}
	})
	t.Run("are two at least", func(t *testing.T) {
		refused(t, "give a number from 2 to 64", "--store", parts, "--partitions", "1")
	})
	t.Run("are shown by a dry run, which makes none", func(t *testing.T) {
		migrated(t, "pending 0011_factors.sql\npartitions of each table: 3\n", "--store", parts, "--partitions", "3", "--dry-run")
		if got := query(t, t.Context(), parts, partitioned); len(got) > 0 {
			t.Errorf("tables: got %q, want none", got)
		}
	})
	t.Run("are made of every table", func(t *testing.T) {
		migrated(t, "applied 0011_factors.sql\npartitions of each table: 3\n", "--store", parts, "--partitions", "3")
		got := query(t, t.Context(), parts, partitioned)
		for _, table := range got {
			if name, n, _ := strings.Cut(table, " "); n != "3" && name != "authkit_migrations" {
				t.Errorf("%s: got %s partitions, want 3", name, n)
			}
		}
		if len(got) < 19 {
			t.Errorf("tables: got %q, want all", got)
		}
	})
	t.Run("keep their number", func(t *testing.T) {
		migrated(t, "nothing to do", "--store", parts)
		migrated(t, "nothing to do", "--store", parts, "--partitions", "3")
		refused(t, "the tables have 3 partitions, not 4: the number", "--store", parts, "--partitions", "4")
	})
	t.Run("take the rows of plain tables", func(t *testing.T) {
		bin := filepath.Dir(initdb())
		file := filepath.Join(t.TempDir(), "rows.sql")
		if out, err := runs(t, filepath.Join(bin, "pg_dump"), "--data-only", "--load-via-partition-root", "--exclude-table=authkit_migrations", "--file="+file, plain); err != nil {
			t.Fatal(err, out)
		}
		if out, err := runs(t, filepath.Join(bin, "psql"), "--single-transaction", "--set=ON_ERROR_STOP=1", "--file="+file, parts); err != nil {
			t.Fatal(err, out)
		}
		flags[1] = parts
		p := start(t, newLines(), flags...)
		p.credentials(app, "ann@example.com", "sign_in").want(t, 200, "")
		p.users(app, key).want(t, 200, "")
		p.send("POST", "/apps/", `{"name":"Demo"}`, bearer(p.developer())).want(t, 409, "app_name_taken")
		p.stop()
	})
}
