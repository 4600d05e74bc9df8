package authkit_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// BenchmarkSweep is what a crowd of users leaves behind: their deleted app, or sessions
// that are over in an app that lives on. RunOnce removes it while people sign in to another
// app; wait-max-ms is the longest that one of those sign-ins took, quiet-max-ms the longest
// without a sweep beside it.
func BenchmarkSweep(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		open := map[string]func(*testing.B) (authkit.Store, crowds){"sqlite": sweptSQLite, "postgres": sweptPostgres}[name]
		if name == "postgres" && os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
			continue
		}
		b.Run(name+"/deleted app", func(b *testing.B) {
			store, crowd := open(b)
			sweepBench(newBench(b, store, nil, stubHash), crowd, true)
		})
		b.Run(name+"/expired sessions", func(b *testing.B) {
			store, crowd := open(b)
			sweepBench(newBench(b, store, nil, stubHash), crowd, false)
		})
	}
}

func sweepBench(b *bench, crowd crowds, deleted bool) {
	b.Helper()
	b.signUp("ann@example.com")
	var waits []time.Duration
	quiet := b.beside(func() { time.Sleep(2 * time.Second) })
	for b.Loop() {
		b.StopTimer()
		doomed, _, err := b.engine.CreateApp(b.Context(), "bench", "Doomed "+uuid.NewString())
		b.ok(err)
		until := time.Now().Add(time.Hour)
		if !deleted {
			until = time.Now().Add(-time.Hour)
		}
		crowd.fill(b.B, doomed.ID, *users, until)
		if deleted {
			b.ok(b.engine.DeleteApp(b.Context(), "bench", doomed.ID))
		}
		b.StartTimer()
		waits = append(waits, b.beside(func() { b.ok(b.engine.RunOnce(b.Context())) })...)
		b.StopTimer()
		crowd.wantGone(b.B, doomed.ID, deleted)
		b.StartTimer()
	}
	slices.Sort(waits)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(slices.Max(quiet)), "quiet-max-ms")
	b.ReportMetric(ms(waits[len(waits)-1]), "wait-max-ms")
	b.ReportMetric(ms(waits[len(waits)*99/100]), "wait-p99-ms")
	b.ReportMetric(float64(len(waits))/float64(b.N), "sign-ins/op")
}

// beside runs f while somebody signs in over and over, and answers how long each took.
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

// crowds is a way past the store into its tables, to fill and to count them.
type crowds struct {
	users string // what the users of an app are selected from, as fillSQL goes on
	id    string // an id
	exec  func(b *testing.B, sql string) (rows int64)

	analyze bool
}

// fill adds n users to an app, each with a password, a session that lasts until a time, and
// an event.
func (c crowds) fill(b *testing.B, app uuid.UUID, n int, until time.Time) {
	b.Helper()
	c.exec(b, fmt.Sprintf(fillSQL, app, c.id)+fmt.Sprintf(c.users, n))
	from := fmt.Sprintf(` from authkit_users where app_id = '%s'`, app)
	for _, sql := range []string{
		`insert into authkit_credentials (app_id, kind, subject, user_id, data, created_at) select app_id, 'password', cast(user_id as text), user_id, null, created_at` + from,
		fmt.Sprintf(`insert into authkit_sessions (app_id, session_id, user_id, epoch, auth_time, created_at, last_used_at, idle_until, until_at, amr, user_agent, ip)
select app_id, user_id, user_id, 1, 0, 0, 0, %[1]d, %[1]d, '[]', '', ''`, until.UnixMicro()) + from,
		`insert into authkit_events (app_id, event_id, user_id, at, type, actor, ip, result, reason, request_id, detail) select app_id, user_id, user_id, created_at, 'user.create', '', '', 'ok', '', '', null` + from,
	} {
		c.exec(b, sql)
	}
	if c.analyze { // as the database does it by itself
		c.exec(b, "analyze")
	}
}

// wantGone looks whether the sweep has done all of its work.
func (c crowds) wantGone(b *testing.B, app uuid.UUID, deleted bool) {
	b.Helper()
	gone := []string{"authkit_sessions"}
	if deleted {
		gone = append(gone, "authkit_users", "authkit_credentials", "authkit_events", "authkit_signing_keys", "authkit_apps")
	}
	for _, table := range gone {
		// A delete tells what is left on both databases.
		if left := c.exec(b, fmt.Sprintf(`delete from %s where app_id = '%s'`, table, app)); left != 0 {
			b.Errorf("%s: got %d rows after the sweep, want none", table, left)
		}
	}
}

func sweptSQLite(b *testing.B) (authkit.Store, crowds) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "bench.db")
	s, err := sqlite.Open(b.Context(), file)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	db, err := sql.Open("sqlite", file)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return s, crowds{
		users: `(with recursive c(n, h) as (select 1, lower(hex(randomblob(16))) union all select n+1, lower(hex(randomblob(16))) from c where n < %d) select n, h from c)`,
		id:    `substr(h,1,8)||'-'||substr(h,9,4)||'-7'||substr(h,13,3)||'-8'||substr(h,16,3)||'-'||substr(h,19,12)`,
		exec: func(b *testing.B, sql string) int64 {
			b.Helper()
			res, err := db.ExecContext(b.Context(), sql)
			if err != nil {
				b.Fatal(err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				b.Fatal(err)
			}
			return n
		},
	}
}

func sweptPostgres(b *testing.B) (authkit.Store, crowds) {
	b.Helper()
	schema := "sweep_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	u, err := url.Parse(os.Getenv("AUTHKIT_TEST_POSTGRES"))
	if err != nil {
		b.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	pool, err := pgxpool.New(b.Context(), u.String())
	if err != nil {
		b.Fatal(err)
	}
	exec := func(ctx context.Context, b *testing.B, sql string) int64 {
		b.Helper()
		tag, err := pool.Exec(ctx, sql)
		if err != nil {
			b.Fatal(err)
		}
		return tag.RowsAffected()
	}
	exec(b.Context(), b, "create schema "+schema)
	b.Cleanup(func() {
		exec(context.Background(), b, "drop schema "+schema+" cascade") // the bench's own context has ended
		pool.Close()
	})
	s, err := postgres.New(b.Context(), pool)
	if err != nil {
		b.Fatal(err)
	}
	return s, crowds{
		users: `generate_series(1, %d) n`, id: "gen_random_uuid()", analyze: true,
		exec: func(b *testing.B, sql string) int64 { b.Helper(); return exec(b.Context(), b, sql) },
	}
}
