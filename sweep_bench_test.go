package authkit_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testschema"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// BenchmarkSweep removes what many users leave behind: a deleted app, or the expired sessions
// of a live app. RunOnce removes it, in the process that serves sign-ins to another app, or in
// a second process. wait-max-ms is the longest time of such a sign-in, and quiet-max-ms the
// longest time without a sweep.
func BenchmarkSweep(b *testing.B) {
	open := map[string]func(testing.TB) (authkit.Store, crowds){"sqlite": sweptSQLite}
	if os.Getenv("AUTHKIT_TEST_POSTGRES") != "" {
		open["postgres"] = sweptPostgres
	}
	for name, open := range open {
		for _, v := range []sweepVariant{
			{name: "deleted app", deleted: true},
			{name: "deleted app beside", deleted: true, apart: true},
			{name: "expired sessions"},
		} {
			b.Run(name+"/"+v.name, func(b *testing.B) {
				store, crowd := open(b)
				v.bench(newBench(b, store, nil, stubHash, authkit.LimitConfig{InsecureOff: true}), crowd)
			})
		}
	}
}

type sweepVariant struct {
	name    string
	deleted bool // whether the app is deleted; otherwise its sessions have expired
	apart   bool // whether another process sweeps
}

func (v sweepVariant) bench(b *bench, crowd crowds) {
	b.Helper()
	b.signUp("ann@example.com")
	sweep := b.engine.RunOnce
	if v.apart {
		store := crowd.again(b)
		sweep = func(ctx context.Context) error { return sweepAll(ctx, store) }
	}
	var waits []time.Duration
	quiet := b.beside(func() { time.Sleep(2 * time.Second) })
	for n := 1; b.Loop(); n++ {
		b.StopTimer()
		doomed, _, err := b.engine.CreateApp(b.Context(), "bench", fmt.Sprintf("Doomed %d", n))
		b.ok(err)
		until := time.Now().Add(time.Hour)
		if !v.deleted {
			until = time.Now().Add(-time.Hour)
		}
		crowd.fill(b.B, doomed.ID, *users, until)
		if v.deleted {
			b.ok(b.engine.DeleteApp(b.Context(), authkit.AppRef{Developer: "bench", ID: doomed.ID}))
		}
		b.StartTimer()
		waits = append(waits, b.beside(func() { b.ok(sweep(b.Context())) })...)
		b.StopTimer()
		crowd.wantGone(b.B, doomed.ID, v.deleted)
		b.StartTimer()
	}
	slices.Sort(waits)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(slices.Max(quiet)), "quiet-max-ms")
	b.ReportMetric(ms(waits[len(waits)-1]), "wait-max-ms")
	b.ReportMetric(ms(waits[len(waits)*99/100]), "wait-p99-ms")
	b.ReportMetric(float64(len(waits))/float64(b.N), "sign-ins/op")
}

// sweepAll does what RunOnce does, in a process without an engine.
func sweepAll(ctx context.Context, s authkit.Store) error {
	for {
		if more, err := s.Sweep(ctx, time.Now(), 1000); err != nil || !more {
			return err
		}
	}
}

// beside runs f while sign-ins go on, and returns how long each took.
func (b *bench) beside(f func()) (waits []time.Duration) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			_, err := b.engine.SignInWithPassword(b.Context(), authkit.PasswordSignIn{App: b.app.ID, Email: "ann@example.com", Password: password, Intent: "sign_in"})
			waits = append(waits, time.Since(began))
			if err != nil {
				b.Errorf("sign-in beside the sweep: got %v, want no error", err)
				return
			}
		}
	})
	f()
	stop()
	wg.Wait()
	return waits
}

// crowds accesses the tables of a store directly, to fill and to count them.
type crowds struct {
	users string // the source from which the users of an app are selected, as fillSQL continues it
	id    string // an id
	exec  func(t testing.TB, sql string) (rows int64)
	again func(t testing.TB) authkit.Store // opens the same database as another process does

	analyze bool    // whether to analyze the tables
	db      *sql.DB // of SQLite
}

// fillUsers adds n users to an app.
func (c crowds) fillUsers(t testing.TB, app uuid.UUID, n int) {
	t.Helper()
	c.exec(t, fmt.Sprintf(fillSQL, app, c.id)+fmt.Sprintf(c.users, n))
	if c.analyze { // otherwise it looks each up by an index of the whole app
		c.exec(t, "analyze authkit_users")
	}
}

// fill adds n users to an app. Each has a password, an event, and a session that lasts until a
// time.
func (c crowds) fill(b *testing.B, app uuid.UUID, n int, until time.Time) {
	b.Helper()
	c.fillUsers(b, app, n)
	from := fmt.Sprintf(` from authkit_users where app_id = '%s'`, app)
	for _, sql := range []string{
		`insert into authkit_credentials (app_id, kind, subject, user_id, data, created_at) select app_id, 'password', cast(user_id as text), user_id, null, created_at` + from,
		fmt.Sprintf(`insert into authkit_sessions (app_id, session_id, user_id, epoch, auth_time, created_at, last_used_at, idle_until, until_at, amr, user_agent, ip)
select app_id, user_id, user_id, 1, 0, 0, 0, %[1]d, %[1]d, '[]', '', ''`, until.UnixMicro()) + from,
		`insert into authkit_events (app_id, event_id, user_id, at, type, actor, ip, result, reason, request_id, detail) select app_id, user_id, user_id, created_at, 'user.create', '', '', 'ok', '', '', null` + from,
	} {
		c.exec(b, sql)
	}
	if c.analyze { // as the database does by itself
		c.exec(b, "analyze")
	}
}

// wantGone checks that the sweep has done all of its work.
func (c crowds) wantGone(b *testing.B, app uuid.UUID, deleted bool) {
	b.Helper()
	gone := []string{"authkit_sessions"}
	if deleted {
		gone = append(gone, "authkit_users", "authkit_credentials", "authkit_events", "authkit_signing_keys", "authkit_apps")
	}
	for _, table := range gone {
		// A delete says what is left, on both databases.
		if left := c.exec(b, fmt.Sprintf(`delete from %s where app_id = '%s'`, table, app)); left != 0 {
			b.Errorf("%s: got %d rows after the sweep, want none", table, left)
		}
	}
}

func sweptSQLite(t testing.TB) (authkit.Store, crowds) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bench.db")
	s, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return s, crowds{
		db: db,
		again: func(t testing.TB) authkit.Store {
			t.Helper()
			s, err := sqlite.Open(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		},
		users: `(with recursive c(n, h) as (select 1, lower(hex(randomblob(16))) union all select n+1, lower(hex(randomblob(16))) from c where n < %d) select n, h from c)`,
		id:    `substr(h,1,8)||'-'||substr(h,9,4)||'-7'||substr(h,13,3)||'-8'||substr(h,16,3)||'-'||substr(h,19,12)`,
		exec: func(t testing.TB, sql string) int64 {
			t.Helper()
			res, err := db.ExecContext(t.Context(), sql)
			if err != nil {
				t.Fatal(err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				t.Fatal(err)
			}
			return n
		},
	}
}

func sweptPostgres(t testing.TB) (authkit.Store, crowds) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), testschema.New(t, os.Getenv("AUTHKIT_TEST_POSTGRES")))
	if err != nil {
		t.Fatal(err)
	}
	exec := func(ctx context.Context, t testing.TB, sql string) int64 {
		t.Helper()
		tag, err := pool.Exec(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		return tag.RowsAffected()
	}
	t.Cleanup(pool.Close)
	s, err := postgres.New(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return s, crowds{
		users: `generate_series(1, %d) n`, id: "gen_random_uuid()", analyze: true,
		again: func(testing.TB) authkit.Store { return s },
		exec:  func(t testing.TB, sql string) int64 { t.Helper(); return exec(t.Context(), t, sql) },
	}
}
