package postgres_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/sqlstore"
	"github.com/authkit-dev/authkit/store/postgres"
)

var (
	errFirst  = errors.New("the first guard")
	errSecond = errors.New("the second guard")
)

// guarding is a pool of one connection, with a table for the steps of a test.
func guarding(t *testing.T, mode pgx.QueryExecMode) (sqlstore.Conn, *pgxpool.Pool) {
	t.Helper()
	config, err := pgxpool.ParseConfig(fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES")))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns, config.ConnConfig.DefaultQueryExecMode = 1, mode
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), "create table things (name text primary key, n bigint not null default 0)"); err != nil {
		t.Fatal(err)
	}
	return postgres.Conn(pool), pool
}

func TestAGuardThatFailsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	const add, missing, one = "insert into things (name) values ($1)", "update things set n = 1 where name = 'missing' returning n", "update things set n = n + 1 where name = 'one' returning n"
	scan := func(r sqlstore.Row) error { var n int64; return r.Scan(&n) }
	for name, c := range map[string]struct {
		step func(ctx context.Context, q sqlstore.Tx)
		want error
	}{
		"an update": {func(ctx context.Context, q sqlstore.Tx) {
			q.Queue(ctx, errFirst, one)
			q.Queue(ctx, errSecond, missing)
		}, errSecond},
		"an update whose row is wanted": {func(ctx context.Context, q sqlstore.Tx) {
			q.Ask(ctx, errFirst, scan, one)
			q.Ask(ctx, errSecond, scan, missing)
		}, errSecond},
		"a select that locks": {func(ctx context.Context, q sqlstore.Tx) {
			q.Queue(ctx, errFirst, "select 1 from things where name = 'one' for share")
			q.Queue(ctx, errSecond, "select 1 from things where name = 'missing' for share")
		}, errSecond},
		"the first of two": {func(ctx context.Context, q sqlstore.Tx) {
			q.Queue(ctx, errFirst, missing)
			q.Queue(ctx, errSecond, missing)
		}, errFirst},
		"an insert that conflicts": {func(ctx context.Context, q sqlstore.Tx) {
			q.Queue(ctx, errFirst, "insert into things (name) values ('one') on conflict do nothing returning 1")
		}, errFirst},
		"a select of what was written": {func(ctx context.Context, q sqlstore.Tx) {
			q.Queue(ctx, errFirst, "with g as ("+one+")"+sqlstore.Then+"select 1 from g where n = 1")
			q.Queue(ctx, errSecond, "with g as ("+one+")"+sqlstore.Then+"select 1 from g where n = 1")
		}, errSecond},
	} {
		for mode, exec := range map[string]pgx.QueryExecMode{"prepared": pgx.QueryExecModeCacheStatement, "described": pgx.QueryExecModeCacheDescribe, "behind a pooler": pgx.QueryExecModeExec} {
			t.Run(name+", "+mode, func(t *testing.T) {
				t.Parallel()
				conn, pool := guarding(t, exec)
				if _, err := pool.Exec(t.Context(), "insert into things values ('one', 0)"); err != nil {
					t.Fatal(err)
				}
				for range 2 { // the second time the statements are prepared
					err := conn.Tx(t.Context(), true, func(q sqlstore.Tx) error {
						q.Queue(t.Context(), nil, add, "before")
						c.step(t.Context(), q)
						q.Queue(t.Context(), nil, add, "after")
						return nil
					})
					if !errors.Is(err, c.want) {
						t.Errorf("got %v, want %v", err, c.want)
					}
					var rows, n int64
					if err := pool.QueryRow(t.Context(), "select count(*), sum(n)::bigint from things").Scan(&rows, &n); err != nil || rows != 1 || n != 0 {
						t.Errorf("afterwards, on the same connection: got %d rows with %d, %v, want 1 with 0", rows, n, err)
					}
				}
			})
		}
	}
}

func TestADivisionByZeroWithoutGuardIsItsOwnError(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	conn, _ := guarding(t, pgx.QueryExecModeCacheStatement)
	err := conn.Tx(t.Context(), true, func(q sqlstore.Tx) error {
		q.Queue(t.Context(), errFirst, "select 1")
		q.Queue(t.Context(), nil, "select 1 / n from (values (0)) v (n)")
		return nil
	})
	if err == nil || errors.Is(err, errFirst) || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("got %v, want a division by zero", err)
	}
}

// trips counts what is sent to the server.
type trips struct{ n atomic.Int64 }

func (c *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (c *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (c *trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// traced is a pool whose statements a tracer sees.
func traced(t *testing.T, schema string, tracer pgx.QueryTracer) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(schema)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns, config.ConnConfig.Tracer = 2, tracer
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestAStepIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	sent := &trips{}
	s, err := postgres.New(t.Context(), traced(t, fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES")), sent))
	if err != nil {
		t.Fatal(err)
	}
	app, now := newApp(t, s), time.Unix(1_700_000_000, 0)
	x := trippedBy{s, app, now}
	for name, verb := range x.verbs() {
		for range 2 { // the first one may ask what the connection's default is
			sent.n.Store(0)
			if err := verb(t.Context()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		want := int64(1)
		if name == "TakeToken" { // it looks for the token first
			want = 2
		}
		if n := sent.n.Load(); n != want {
			t.Errorf("%s: got %d round trips, want %d", name, n, want)
		}
	}
}

// trippedBy holds what the verbs of a test are on.
type trippedBy struct {
	s   authkit.Store
	app uuid.UUID
	now time.Time
}

func (x trippedBy) token(slots int) authkit.Token {
	hash := uuid.New()
	return authkit.Token{App: x.app, Kind: "link", Slot: "ann", Most: slots, Hash: hash[:], ExpiresAt: x.now.Add(time.Hour)}
}

func (x trippedBy) put(ctx context.Context, tokens ...authkit.Token) error {
	return x.s.Put(ctx, authkit.Put{App: x.app, Riders: authkit.Riders{
		Tokens: tokens, Mail: []authkit.Mail{{App: x.app, ID: uuid.New(), DueAt: x.now}}, Events: []authkit.Event{{ID: uuid.New(), Time: x.now}},
	}})
}

func (x trippedBy) user() authkit.User {
	id := uuid.New()
	return authkit.User{App: x.app, ID: id, Email: id.String(), CreatedAt: x.now}
}

func (x trippedBy) session(u authkit.User) *authkit.Session {
	id := uuid.New()
	until := x.now.Add(time.Hour)
	return &authkit.Session{App: x.app, ID: id, UserID: u.ID, Family: id[:], Current: []byte("current"), CreatedAt: x.now, IdleUntil: until, Until: until.Add(time.Hour)}
}

// verbs are steps that succeed each time they are called.
func (x trippedBy) verbs() map[string]func(context.Context) error {
	ctx := context.Background()
	link := func(u authkit.User) *authkit.Take {
		t := x.token(1)
		t.Slot, t.UserID, t.Epoch = uuid.NewString(), u.ID, 1
		_ = x.s.Put(ctx, authkit.Put{App: x.app, Riders: authkit.Riders{Tokens: []authkit.Token{t}}}) // a missing token fails the verb
		return &authkit.Take{Kind: t.Kind, Hash: t.Hash}
	}
	links := []*authkit.Take{link(authkit.User{}), link(authkit.User{}), link(authkit.User{}), link(authkit.User{})}
	known, used := x.user(), x.user()
	use := x.session(used)
	_, _ = x.s.CreateUser(ctx, authkit.NewUser{Now: x.now, User: known})
	_, _ = x.s.CreateUser(ctx, authkit.NewUser{Now: x.now, User: used, Session: use})
	bound := []*authkit.Take{link(known), link(known)}
	next := func(of *[]*authkit.Take) *authkit.Take { t := (*of)[0]; *of = (*of)[1:]; return t }
	presented := use.Current
	return map[string]func(context.Context) error{
		"Put":                     func(ctx context.Context) error { return x.put(ctx, x.token(1)) },
		"Put into several places": func(ctx context.Context) error { return x.put(ctx, x.token(5)) },
		"Put without riders":      func(ctx context.Context) error { return x.s.Put(ctx, authkit.Put{App: x.app}) },
		"TakeToken": func(ctx context.Context) error {
			_, err := x.s.TakeToken(ctx, x.app, *next(&links), x.now)
			return err
		},
		"CreateUser": func(ctx context.Context) error {
			u := x.user()
			_, err := x.s.CreateUser(ctx, authkit.NewUser{Now: x.now, User: u, Take: next(&links), Session: x.session(u)})
			return err
		},
		"ChangeUser": func(ctx context.Context) error {
			_, err := x.s.ChangeUser(ctx, authkit.UserChange{Now: x.now, App: x.app, ID: known.ID, Version: 1, Take: next(&bound), Session: x.session(known), MaxSessions: 3})
			return err
		},
		"RotateSession": func(ctx context.Context) error {
			id := uuid.New()
			_, err := x.s.RotateSession(ctx, authkit.Rotation{App: x.app, Family: use.Family, Presented: presented, Next: id[:], Now: x.now, IdleUntil: use.IdleUntil})
			presented = id[:]
			return err
		},
		"UseSession": func(ctx context.Context) error { return x.s.UseSession(ctx, x.app, use.ID, x.now, use.IdleUntil) },
		"Session": func(ctx context.Context) error {
			_, _, err := x.s.Session(ctx, x.app, authkit.SessionKey{ID: use.ID}, x.now)
			return err
		},
		"Hit": func(ctx context.Context) error {
			_, err := x.s.Hit(ctx, authkit.Hits{App: x.app, Each: []authkit.Hit{{Key: "a", Limit: 9, Window: time.Hour}, {Key: "b", Limit: 9, Window: time.Hour}}}, x.now)
			return err
		},
		"Ping": func(ctx context.Context) error { _, err := x.s.Ping(ctx); return err },
	}
}
