package postgres_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
)

// grown are the rows that tables gain at once. Each user has a token of their own, and as many tokens
// are of no user.
var grown = []string{
	`authkit_users select $1, gen_random_uuid(), n || '@example.com', '', '', '', 'magiclink', 1, 0, '', 1, 1, 0, n from generate_series(1, 20000) n`,
	`authkit_credentials select app_id, 'password', user_id::text, user_id, null, 0 from authkit_users where app_id = $1`,
	`authkit_tokens select app_id, 'link', email, 0, user_id::text::bytea, null, null, user_id, 1, null, 1700003600000000 + created_at, 0, 0 from authkit_users where app_id = $1`,
	`authkit_tokens select $1, 'link', n::text, 0, n::text::bytea, null, null, '00000000-0000-0000-0000-000000000000', 0, null, 1700003600000000 + n, 0, 0 from generate_series(1, 20000) n`,
	`authkit_sessions (app_id, session_id, user_id, epoch, family, cur, cookie, auth_time, created_at, last_used_at, idle_until, until_at, amr, user_agent, ip)
select app_id, user_id, user_id, 1, user_id::text::bytea, 'c', user_id::text::bytea, 0, created_at, 0, 1700003600000000, 1700003600000000, '[]', '', '' from authkit_users where app_id = $1`,
	`authkit_limits select $1, n::text, 1700003600000000 + n from generate_series(1, 20000) n`,
	`authkit_outbox (app_id, mail_id, sealed, due_at, expires_at, attempts) select $1, gen_random_uuid(), '', 1700003600000000 + n, 0, 0 from generate_series(1, 20000) n`,
	`authkit_events select $1, gen_random_uuid(), '00000000-0000-0000-0000-000000000000', n, 'e', '', '', 'ok', '', '', null from generate_series(1, 20000) n`,
}

// A server keeps the plan that it made for a prepared statement while the tables were empty, until
// it gathers statistics.
func TestAPlanMadeOnEmptyTablesReadsFewRowsOnceTheyHaveGrown(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	// Rows read by one verb in one table or index. Some are dead: while another transaction of the
	// server is older, a scan passes them again.
	const most = 400
	pool, s := onOneConnection(t)
	x := trippedBy{s, newApp(t, s), time.Unix(1_700_000_000, 0)}
	for _, table := range []string{"users", "credentials", "tokens", "sessions", "limits", "outbox", "events"} {
		must(t, pool, "alter table authkit_"+table+" set (autovacuum_enabled = off)")
	}
	verbs := x.growing()
	for _, v := range verbs {
		for range 8 { // the first five plans are for their arguments alone
			if err := v.do(t.Context()); err != nil {
				t.Fatalf("%s: %v", v.name, err)
			}
		}
	}
	for _, rows := range grown {
		must(t, pool, "insert into "+rows, x.app)
	}
	for _, v := range verbs {
		before := rowsRead(t, pool)
		if err := v.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		for of, n := range rowsRead(t, pool) {
			if n -= before[of]; n > most {
				t.Errorf("%s: got %d rows read by %s, want at most %d", v.name, n, of, most)
			}
		}
	}
}

// onOneConnection returns a store in a schema of its own, over a pool of one connection, which keeps
// the plans of the statements.
func onOneConnection(t *testing.T) (*pgxpool.Pool, authkit.Store) {
	t.Helper()
	config, err := pgxpool.ParseConfig(fresh(t, os.Getenv("AUTHKIT_TEST_POSTGRES")))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s, err := postgres.New(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return pool, s
}

func must(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// rowsRead is how many rows each of the schema's tables and indexes has given. The pool's only
// connection reports its own counts first.
func rowsRead(t *testing.T, pool *pgxpool.Pool) map[string]int64 {
	t.Helper()
	must(t, pool, "select pg_stat_force_next_flush()")
	rows, err := pool.Query(t.Context(), `select relname, seq_tup_read from pg_stat_user_tables where schemaname = current_schema()
union all select indexrelname, idx_tup_read from pg_stat_user_indexes where schemaname = current_schema()`)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]int64{}
	var of string
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&of, &n}, func() error { read[of] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return read
}

// growingVerb is a verb that succeeds each time.
type growingVerb struct {
	name string
	do   func(context.Context) error
}

func (x trippedBy) growing() []growingVerb {
	var take authkit.Take
	link := func(ctx context.Context, u authkit.User) error {
		t := x.token(5)
		t.Slot, t.UserID, t.Epoch = uuid.NewString(), u.ID, 1
		take = authkit.Take{Kind: t.Kind, Hash: t.Hash}
		return x.put(ctx, t)
	}
	event := authkit.Riders{Events: []authkit.Event{{ID: uuid.New(), Time: x.now}}}
	known := x.user()
	_, _ = x.s.CreateUser(context.Background(), authkit.NewUser{Now: x.now, User: known}) // without the user, the verbs fail
	signIn := func(ctx context.Context, take *authkit.Take) error {
		event.Events[0].ID = uuid.New()
		_, err := x.s.ChangeUser(ctx, authkit.UserChange{Now: x.now, App: x.app, ID: known.ID, Version: 1, Take: take, Session: x.session(known), MaxSessions: 100, Riders: event})
		return err
	}
	return []growingVerb{
		{name: "a request for a link", do: func(ctx context.Context) error { return link(ctx, authkit.User{}) }},
		{name: "a sign-up by a link", do: func(ctx context.Context) error {
			if err := link(ctx, authkit.User{}); err != nil {
				return err
			}
			u := x.user()
			event.Events[0].ID = uuid.New()
			_, err := x.s.CreateUser(ctx, authkit.NewUser{Now: x.now, User: u, Take: &take, Session: x.session(u), Riders: event})
			return err
		}},
		{name: "a sign-in by a link", do: func(ctx context.Context) error {
			if err := link(ctx, known); err != nil {
				return err
			}
			return signIn(ctx, &take)
		}},
		{name: "a sign-in", do: func(ctx context.Context) error { return signIn(ctx, nil) }},
		{name: "TakeToken", do: func(ctx context.Context) error {
			if err := link(ctx, authkit.User{}); err != nil {
				return err
			}
			_, err := x.s.TakeToken(ctx, x.app, take, x.now)
			return err
		}},
		{name: "Hit", do: func(ctx context.Context) error {
			_, err := x.s.Hit(ctx, authkit.Hits{App: x.app, Each: []authkit.Hit{{Key: "a", Limit: 99, Window: time.Hour}}}, x.now)
			return err
		}},
		{name: "DeleteUser", do: func(ctx context.Context) error {
			u := x.user()
			if _, err := x.s.CreateUser(ctx, authkit.NewUser{Now: x.now, User: u, Session: x.session(u)}); err != nil {
				return err
			}
			return x.s.DeleteUser(ctx, authkit.UserRemoval{App: x.app, ID: u.ID})
		}},
	}
}
