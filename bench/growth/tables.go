package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// tables is the database of a cell.
type tables interface {
	// at is what open takes.
	at() string

	// create makes empty tables.
	create(ctx context.Context) error

	// fill writes all rows of one table.
	fill(ctx context.Context, r rows) error

	// settle brings the database into the state that upkeep keeps it in.
	settle(ctx context.Context) error

	// sizes returns the bytes of each table, its indexes included, where the store tells, and of
	// the whole store.
	sizes(ctx context.Context) (each map[string]int64, whole int64, err error)

	// read returns how many rows of each table and entries of each index were read so far; nil if
	// the store does not tell.
	read(ctx context.Context) (map[string]int64, error)

	// remove removes the database.
	remove(ctx context.Context) error
}

// inPostgres is a database of the cluster.
type inPostgres struct {
	c          *cluster
	name       string
	partitions int
	dsn        string
	pool       *pgxpool.Pool
}

func (p *inPostgres) at() string { return p.dsn }

func (p *inPostgres) create(ctx context.Context) (err error) {
	if p.dsn, err = p.c.database(ctx, p.name); err != nil {
		return err
	}
	if p.pool, err = pgxpool.New(ctx, p.dsn); err != nil {
		return err
	}
	var options []postgres.MigrateOption
	if p.partitions > 0 {
		options = append(options, postgres.Partitions(p.partitions))
	}
	_, err = postgres.Migrate(ctx, p.pool, options...)
	return err
}

// fill writes by COPY.
func (p *inPostgres) fill(ctx context.Context, r rows) error {
	source := pgx.CopyFromSlice(r.n, func(i int) ([]any, error) {
		row := r.row(i)
		for c, v := range row {
			if id, ok := v.(uuid.UUID); ok {
				row[c] = [16]byte(id)
			}
		}
		return row, nil
	})
	_, err := p.pool.CopyFrom(ctx, pgx.Identifier{r.table}, r.columns, source)
	return err
}

func (p *inPostgres) settle(ctx context.Context) error {
	return execute(ctx, p.dsn, "vacuum (analyze)", "checkpoint")
}

func (p *inPostgres) sizes(ctx context.Context) (map[string]int64, int64, error) {
	rows, err := p.pool.Query(ctx, `select regexp_replace(c.relname, '_\d+$', ''), sum(pg_total_relation_size(c.oid))::bigint from pg_class c
where c.relkind = 'r' and c.relname like 'authkit\_%' group by 1`)
	if err != nil {
		return nil, 0, err
	}
	each, whole := map[string]int64{}, int64(0)
	var name string
	var size int64
	_, err = pgx.ForEachRow(rows, []any{&name, &size}, func() error {
		each[name] = size
		whole += size
		return nil
	})
	return each, whole, err
}

func (p *inPostgres) read(ctx context.Context) (map[string]int64, error) {
	rows, err := p.pool.Query(ctx, `select relname, seq_tup_read from pg_stat_user_tables union all select indexrelname, idx_tup_read from pg_stat_user_indexes`)
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	var name string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error { out[name] += n; return nil })
	return out, err
}

func (p *inPostgres) remove(ctx context.Context) error {
	if p.pool != nil {
		p.pool.Close()
	}
	return p.c.drop(ctx, p.name)
}

// inSQLite is a file.
type inSQLite struct {
	file string
	db   *sql.DB
}

func (s *inSQLite) at() string { return "sqlite:" + s.file }

func (s *inSQLite) create(ctx context.Context) error {
	store, err := sqlite.Open(ctx, s.file)
	if err != nil {
		return err
	}
	if err := store.Close(); err != nil {
		return err
	}
	s.db, err = sql.Open("sqlite", "file:"+s.file+"?_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)&_pragma=cache_size(-262144)")
	if err == nil {
		s.db.SetMaxOpenConns(1)
	}
	return err
}

// fill writes all rows of a table in one transaction.
func (s *inSQLite) fill(ctx context.Context, r rows) (err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	marks := strings.TrimSuffix(strings.Repeat("?,", len(r.columns)), ",")
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf("insert into %s (%s) values (%s)", r.table, strings.Join(r.columns, ","), marks))
	if err != nil {
		return err
	}
	defer insert.Close() //nolint:errcheck // it ends with the transaction
	for i := range r.n {
		row := r.row(i)
		for c, v := range row {
			if id, ok := v.(uuid.UUID); ok {
				row[c] = id.String()
			}
		}
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *inSQLite) settle(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "pragma wal_checkpoint(TRUNCATE)")
	return err
}

func (s *inSQLite) sizes(context.Context) (map[string]int64, int64, error) {
	whole := int64(0)
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(s.file + suffix)
		if err != nil {
			return nil, 0, err
		}
		whole += info.Size()
	}
	return nil, whole, nil
}

func (s *inSQLite) read(context.Context) (map[string]int64, error) { return nil, nil }

func (s *inSQLite) remove(context.Context) error {
	err := s.db.Close()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if e := os.Remove(s.file + suffix); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
