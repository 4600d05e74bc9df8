// Package postgres keeps authkit's data in Postgres, through pgx.
//
//	store, err := postgres.Open(ctx, "postgres://…")
//	if err != nil { … }
//	defer store.Close()
//
// A host that has a pool already gives it to [New].
//
// # Poolers
//
// A pooler in transaction mode, such as pgbouncer, gives each transaction another session,
// where prepared statements are unknown or another's. At the first such answer Open's pool
// goes on without prepared statements; default_query_exec_mode=exec in the DSN does so from the
// start, and a host's own pool needs it there. A pooler takes few startup parameters: keep
// search_path and the like out of the DSN, and set them on the role.
//
// # Failover
//
// A connection that answers that it only reads, or that its server goes down, is closed with
// all others of the pool, so that the next call finds the new primary. A DSN may name
// several hosts; Open connects to one that takes writes, unless target_session_attrs asks for
// another kind. A host that brings a pool of its own sets
// [pgconn.ValidateConnectTargetSessionAttrsReadWrite] in it.
//
// # The server's log
//
// A step is sent in one piece, and a guard in it that finds no row divides by zero, so that the
// rest does not run. A step that another one was faster than thus leaves the line "division by
// zero" in the log of Postgres. It is no fault: the caller was refused, or the step decided again.
//
// # Durability
//
// What is answered with success must outlive a crash, and a failover must not bring back
// what was revoked. So the server needs fsync and full_page_writes on and synchronous_commit
// on (the default) or remote_apply, never off or local; and where a standby may take over,
// synchronous_standby_names has to name it, and only a standby that was synchronous may be
// promoted. authkit itself relaxes synchronous_commit for counts alone, which may be lost.
//
// A call that takes longer than five seconds fails, whatever its context says: a server
// that hangs serves no request. [WithPatience] sets another bound.
package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/migrate"
	"github.com/authkit-dev/authkit/internal/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an [authkit.Store] in Postgres.
type Store struct {
	*sqlstore.Store
	conn *conn
	own  *pgxpool.Pool
}

var _ authkit.Store = (*Store)(nil)

// connectPatience is how long a connection may take to open, unless the DSN has
// connect_timeout. No call waits that long, but meanwhile it takes a place in the pool.
const connectPatience = 5 * time.Second

// Contract is the version of [authkit.Store] that this adapter was written for.
func (s *Store) Contract() int { return 6 }

// An Option changes a default of [Open] or [New].
type Option func(*conn)

// WithPatience sets how long one call may take, the wait for a connection included, before it
// fails: five seconds by default; 0 or less is without bound. A call that is cut while a
// synchronous standby does not answer may have been committed nevertheless: give the bound
// that your standby needs to come back or to be replaced.
func WithPatience(d time.Duration) Option { return func(c *conn) { c.patience = d } }

// Open connects and migrates.
func Open(ctx context.Context, dsn string, options ...Option) (*Store, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	if config.ConnConfig.ConnectTimeout <= 0 {
		config.ConnConfig.ConnectTimeout = connectPatience
	}
	if config.ConnConfig.ValidateConnect == nil {
		// A server that only reads may be a former primary, whose data is stale.
		config.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	plain := &atomic.Bool{}
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		if plain.Load() {
			c.DefaultQueryExecMode = pgx.QueryExecModeExec
		}
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	s, err := newStore(ctx, &conn{pool: pool, patience: defaultPatience, plain: plain}, options)
	if err != nil {
		pool.Close()
		return nil, err
	}
	s.own = pool
	return s, nil
}

// New migrates and uses a host's own pool, which Close leaves open.
func New(ctx context.Context, pool *pgxpool.Pool, options ...Option) (*Store, error) {
	return newStore(ctx, &conn{pool: pool, patience: defaultPatience}, options)
}

func newStore(ctx context.Context, c *conn, options []Option) (*Store, error) {
	if _, err := migrate.Run(ctx, &conn{pool: c.pool, plain: c.plain}, Migrations(), rewriting(nil)); err != nil {
		return nil, permitted(err)
	}
	for _, set := range options {
		set(c)
	}
	return &Store{Store: sqlstore.New(c), conn: c}, nil
}

// Close closes what Open opened.
func (s *Store) Close() error {
	if s.own != nil {
		s.own.Close()
	}
	return nil
}

// Migrations returns the numbered files that make the tables.
func Migrations() fs.FS {
	sub, _ := fs.Sub(migrations, "migrations") // the path is a constant and valid
	return sub
}

// Migrate applies what is pending and returns its names. Where nothing is pending, the role needs
// no right to create tables: select, insert, update and delete on authkit's tables are enough.
func Migrate(ctx context.Context, pool *pgxpool.Pool, options ...MigrateOption) ([]string, error) {
	c := &conn{pool: pool}
	if _, err := layoutOf(ctx, c, options); err != nil {
		return nil, permitted(err)
	}
	names, err := migrate.Run(ctx, c, Migrations(), rewriting(options))
	return names, permitted(err)
}

// Pending returns the names of what Migrate would apply. It changes nothing.
func Pending(ctx context.Context, pool *pgxpool.Pool, options ...MigrateOption) ([]string, error) {
	c := &conn{pool: pool}
	if _, err := layoutOf(ctx, c, options); err != nil {
		return nil, permitted(err)
	}
	names, err := migrate.Pending(ctx, c, Migrations())
	return names, permitted(err)
}

// permitted adds to err, if that is insufficient_privilege, what to do about it.
func permitted(err error) error {
	if coded(err, "42501") {
		return fmt.Errorf("the role may not do this: run `authkit migrate` as one that may create tables, and grant this one usage of the schema and select, insert, update and delete on its tables: %w", err)
	}
	return err
}
