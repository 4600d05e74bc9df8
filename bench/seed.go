package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "modernc.org/sqlite" // the driver
)

// A copied table is filled with copies of the rows of the user who signed up. The columns that
// differ are SQL over t, the row, and i, the number of the copy. Every other column is equal.
type copied struct {
	table string
	vary  map[string]string
	where string // which rows are copied; empty: the only one
}

// fillPostgres copies rows on Postgres.
func (p *place) fillPostgres(ctx context.Context, database string, tables []copied) error {
	var statements []string
	for _, t := range tables {
		schema, name, found := strings.Cut(t.table, ".")
		if !found {
			schema, name = "public", t.table
		}
		columns, err := p.columns(ctx, database, schema, name)
		if err != nil {
			return err
		}
		series := fmt.Sprintf("generate_series(0, %d) i", p.o.Users-1)
		statements = append(statements, t.statement(quoted(schema)+"."+quoted(name), columns, series))
	}
	return p.postgres.exec(ctx, database, append(statements, "vacuum analyze", "checkpoint")...)
}

// columns lists the columns of a table that are not generated.
func (p *place) columns(ctx context.Context, database, schema, table string) ([]string, error) {
	list, err := p.postgres.askOn(ctx, database, fmt.Sprintf(
		`select coalesce(string_agg(column_name, ',' order by ordinal_position), '') from information_schema.columns
		 where table_schema = '%s' and table_name = '%s' and is_generated = 'NEVER' and is_identity = 'NO'`, schema, table))
	if err == nil && list == "" {
		err = fmt.Errorf("there is no table %s.%s", schema, table)
	}
	return strings.Split(list, ","), err
}

// fillSQLite copies rows in a file.
func (p *place) fillSQLite(ctx context.Context, file string, tables []copied) (err error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, t := range tables {
		columns, err := sqliteColumns(ctx, db, t.table)
		if err != nil {
			return err
		}
		series := fmt.Sprintf("(with recursive s(i) as (select 0 union all select i + 1 from s where i < %d) select i from s)", p.o.Users-1)
		if _, err := db.ExecContext(ctx, t.statement(quoted(t.table), columns, series)); err != nil {
			return fmt.Errorf("copy %s: %w", t.table, err)
		}
	}
	_, err = db.ExecContext(ctx, "pragma wal_checkpoint(TRUNCATE)")
	return err
}

func sqliteColumns(ctx context.Context, db *sql.DB, table string) (all []string, err error) {
	rows, err := db.QueryContext(ctx, "select name from pragma_table_info(?)", table)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		all = append(all, name)
	}
	return all, rows.Err()
}

// statement inserts a copy for each number of the series.
func (t copied) statement(table string, columns []string, series string) string {
	names, values := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i] = quoted(c)
		if values[i] = "t." + quoted(c); t.vary[c] != "" {
			values[i] = t.vary[c]
		}
	}
	where := t.where
	if where == "" {
		where = "true"
	}
	// The derived table keeps the rows that the statement itself adds out of its source.
	return fmt.Sprintf("insert into %s (%s) select %s from (select * from %s where %s limit 1) t cross join %s", //nolint:unqueryvet // every column is meant
		table, strings.Join(names, ", "), strings.Join(values, ", "), table, where, series)
}

func quoted(name string) string { return `"` + name + `"` }

// SQL that makes what differs between the copies.
const (
	pgUUID      = "md5('user' || i)::uuid"
	pgHash      = "sha256(('secret' || i)::bytea)"
	pgEmail     = "'user' || lpad(i::text, 6, '0') || '@example.com'"
	sqliteUUID  = "printf('%08x-0000-7000-8000-%012x', i + 1, i + 1)"
	sqliteHash  = "cast(printf('%032x', i) as blob)"
	sqliteEmail = "printf('user%06d@example.com', i)"
)
