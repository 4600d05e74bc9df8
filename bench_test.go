package authkit_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	pw "github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/testschema"
	"github.com/authkit-dev/authkit/mail"
	"github.com/authkit-dev/authkit/store/memory"
	"github.com/authkit-dev/authkit/store/postgres"
	"github.com/authkit-dev/authkit/store/sqlite"
)

// The hash of a benchmark: the real one, or a cheap one that shows the cost of authkit itself.
var (
	realHash = authkit.PasswordConfig{Queue: 1 << 16, QueueWait: time.Hour}
	stubHash = authkit.PasswordConfig{MemoryKiB: 8, Time: 1, Queue: 1 << 16, QueueWait: time.Hour}
)

// bench is an engine over a store that can be filled fast.
type bench struct {
	*testing.B
	engine *authkit.Engine
	store  authkit.Store
	outbox *mail.Outbox
	app    authkit.App
	key    string
	fill   func(app uuid.UUID, n int) // adds n users, a microsecond apart
}

// onStores runs f on every available store, without limits.
func onStores(b *testing.B, hash authkit.PasswordConfig, f func(b *bench)) {
	b.Helper()
	onLimitedStores(b, hash, authkit.LimitConfig{InsecureOff: true}, f)
}

func onLimitedStores(b *testing.B, hash authkit.PasswordConfig, limits authkit.LimitConfig, f func(b *bench)) {
	b.Helper()
	open := map[string]func(b testing.TB) (authkit.Store, func(uuid.UUID, int)){"memory": openMemory, "sqlite": openSQLite}
	if os.Getenv("AUTHKIT_TEST_POSTGRES") != "" {
		open["postgres"] = openPostgres
	}
	for _, name := range []string{"memory", "sqlite", "postgres"} {
		if open[name] == nil {
			continue
		}
		b.Run(name, func(b *testing.B) {
			store, fill := open[name](b)
			f(newBench(b, store, fill, hash, limits))
		})
	}
}

func newBench(b *testing.B, store authkit.Store, fill func(uuid.UUID, int), hash authkit.PasswordConfig, limits authkit.LimitConfig) *bench {
	b.Helper()
	x := &bench{B: b, store: store, outbox: mail.NewOutbox(), fill: fill}
	var err error
	x.engine, err = authkit.New(authkit.Config{
		Store: store, BaseURL: base, Mailer: x.outbox, Password: hash, Logger: slog.New(slog.DiscardHandler),
		Secrets: [][]byte{make([]byte, 32)}, Limits: limits,
	})
	x.ok(err)
	x.app, x.key, err = x.engine.CreateApp(b.Context(), "bench", "Bench")
	x.ok(err)
	b.ReportAllocs()
	return x
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) signUp(email string) authkit.SignIn {
	b.Helper()
	in, err := b.engine.SignInWithPassword(b.Context(), authkit.PasswordSignIn{App: b.app.ID, Email: email, Password: password})
	b.ok(err)
	return in
}

func openMemory(b testing.TB) (authkit.Store, func(uuid.UUID, int)) {
	b.Helper()
	s := memory.New()
	return s, func(app uuid.UUID, n int) {
		at := time.Now().Add(-time.Hour)
		for i := range n {
			email := fmt.Sprintf("u%d@example.com", i)
			_, err := s.CreateUser(b.Context(), authkit.NewUser{User: authkit.User{
				App: app, ID: uuid.New(), Email: email, EmailTyped: email, AuthMethod: "credentials", CreatedAt: at.Add(time.Duration(i) * time.Microsecond),
			}})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

const fillSQL = `insert into authkit_users (app_id, user_id, email, email_typed, name, name_key, auth_method, verified, disabled, disabled_reason, version, epoch, last_login, created_at)
select '%s', %s, 'u' || n || '@example.com', 'u' || n || '@example.com', '', '', 'credentials', 0, 0, '', 1, 1, 0, n from `

// fillCredentialsSQL gives each of the users a password.
const fillCredentialsSQL = `insert into authkit_credentials (app_id, kind, subject, user_id, created_at)
select app_id, 'password', cast(user_id as text), user_id, 0 from authkit_users where app_id = '%s' on conflict do nothing`

func openSQLite(b testing.TB) (authkit.Store, func(uuid.UUID, int)) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "bench.db")
	s, err := sqlite.Open(b.Context(), file)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s, func(app uuid.UUID, n int) {
		db, err := sql.Open("sqlite", file)
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		id := `substr(h,1,8)||'-'||substr(h,9,4)||'-7'||substr(h,13,3)||'-8'||substr(h,16,3)||'-'||substr(h,19,12)`
		_, err = db.ExecContext(b.Context(), fmt.Sprintf(fillSQL+`(with recursive c(n, h) as (select 1, lower(hex(randomblob(16))) union all select n+1, lower(hex(randomblob(16))) from c where n < %d) select n, h from c)`, app, id, n))
		if err == nil {
			_, err = db.ExecContext(b.Context(), fmt.Sprintf(fillCredentialsSQL, app))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func openPostgres(b testing.TB) (authkit.Store, func(uuid.UUID, int)) {
	b.Helper()
	return openPostgresAt(b, "read committed")
}

// openPostgresAt opens Postgres with another default isolation for its connections.
func openPostgresAt(b testing.TB, isolation string) (authkit.Store, func(uuid.UUID, int)) {
	b.Helper()
	u, err := url.Parse(testschema.New(b, os.Getenv("AUTHKIT_TEST_POSTGRES")))
	if err != nil {
		b.Fatal(err)
	}
	q := u.Query()
	q.Set("default_transaction_isolation", isolation)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // as Postgres reads a URL
	pool, err := pgxpool.New(b.Context(), u.String())
	if err != nil {
		b.Fatal(err)
	}
	exec := func(ctx context.Context, text string) {
		if _, err := pool.Exec(ctx, text); err != nil {
			b.Fatal(err)
		}
	}
	b.Cleanup(pool.Close)
	s, err := postgres.New(b.Context(), pool)
	if err != nil {
		b.Fatal(err)
	}
	return s, func(app uuid.UUID, n int) {
		exec(b.Context(), fmt.Sprintf(fillSQL+`generate_series(1, %d) n`, app, "gen_random_uuid()", n))
		exec(b.Context(), fmt.Sprintf(fillCredentialsSQL, app))
		exec(b.Context(), "analyze authkit_users")
	}
}

func BenchmarkMe(b *testing.B) {
	onStores(b, stubHash, func(b *bench) {
		in := b.signUp("ann@example.com")
		for b.Loop() {
			_, err := b.engine.Me(b.Context(), b.app.ID, in.Token)
			b.ok(err)
		}
	})
}

// discard is a writer that keeps nothing, so that a benchmark measures the handler alone.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// BenchmarkHandler measures the handler on a store that costs little, without a connection.
func BenchmarkHandler(b *testing.B) {
	store, fill := openMemory(b)
	x := newBench(b, store, fill, stubHash, authkit.LimitConfig{InsecureOff: true})
	in := x.signUp("ann@example.com")
	fill(x.app.ID, 200)
	app := x.app.ID.String()
	for _, c := range []struct{ name, path, credential string }{
		{"healthz", "/healthz", ""},
		{"me", "/auth/me/" + app, in.Token},
		{"user", "/users/" + app + "/" + in.User.ID.String(), x.key},
		{"page", "/users/" + app, x.key},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, c.path, nil)
			r.Header.Set("Authorization", "Bearer "+c.credential)
			w := &discard{header: http.Header{}}
			for b.Loop() {
				clear(w.header)
				x.engine.Handler().ServeHTTP(w, r)
				if w.status != http.StatusOK {
					b.Fatalf("GET %s: got %d, want 200", c.path, w.status)
				}
			}
		})
	}
	b.Run("refresh", func(b *testing.B) {
		b.ReportAllocs()
		w := httptest.NewRecorder()
		next := in.RefreshToken
		for b.Loop() {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/auth/refresh/"+app, strings.NewReader(`{"refresh_token":"`+next+`"}`))
			r.Header.Set("Content-Type", "application/json")
			w.Body.Reset()
			x.engine.Handler().ServeHTTP(w, r)
			_, rest, _ := strings.Cut(w.Body.String(), `"refresh_token":"`)
			next, _, _ = strings.Cut(rest, `"`)
		}
	})
}

func BenchmarkRequireWarm(b *testing.B) {
	onStores(b, stubHash, func(b *bench) {
		in := b.signUp("ann@example.com")
		h := b.engine.Require(authkit.ForApp(b.app.ID))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+in.Token)
		w := httptest.NewRecorder()
		for b.Loop() {
			h.ServeHTTP(w, r)
		}
	})
}

// BenchmarkRefresh measures one round trip to the store and one signature.
func BenchmarkRefresh(b *testing.B) {
	onStores(b, stubHash, func(b *bench) {
		in := b.signUp("ann@example.com")
		for b.Loop() {
			next, err := b.engine.Refresh(b.Context(), authkit.RefreshRequest{App: b.app.ID, Token: in.RefreshToken})
			b.ok(err)
			in = next
		}
	})
}

func BenchmarkAPIKeyCheck(b *testing.B) {
	onStores(b, stubHash, func(b *bench) {
		for b.Loop() {
			_, err := b.engine.CheckAPIKey(b.Context(), b.key)
			b.ok(err)
		}
	})
}

// users is the number of users in BenchmarkUsersPage: -args -users 1000000 sets a million.
var users = flag.Int("users", 100_000, "users of the app in BenchmarkUsersPage")

// BenchmarkUsersPage reads fifty users by HTTP: the first page, a page deep in the list, and
// the first page of a search that finds few and of one that finds all.
func BenchmarkUsersPage(b *testing.B) {
	onStores(b, stubHash, func(b *bench) {
		b.fill(b.app.ID, *users)
		get := func(query string) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/users/"+b.app.ID.String()+query, nil)
			r.Header.Set("Authorization", "Bearer "+b.key)
			w := httptest.NewRecorder()
			b.engine.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatalf("GET /users: got %d %s", w.Code, w.Body)
			}
			return w
		}
		next := ""
		for range *users / 500 * 8 / 10 {
			next = "?limit=500&cursor=" + cursorOf(b.B, get(next))
		}
		next = next[len("?limit=500&"):]
		for _, page := range [][2]string{{"first", ""}, {"deep", "?" + next}, {"few", "?q=u4321"}, {"all", "?q=u"}, {"method", "?auth_method=oauth"}} {
			name, query := page[0], page[1]
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					get(query)
				}
			})
		}
	})
}

func cursorOf(b *testing.B, w *httptest.ResponseRecorder) string {
	b.Helper()
	u, err := url.Parse(mail.Link(mail.Message{Text: w.Header().Get("Link")}))
	if err != nil {
		b.Fatal(err)
	}
	return u.Query().Get("cursor")
}

func BenchmarkMagicLinkRequest(b *testing.B) {
	onStores(b, stubHash, func(b *bench) {
		var n atomic.Int64
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				_, err := b.engine.RequestMagicLink(b.Context(), authkit.MagicLinkRequest{App: b.app.ID, Email: fmt.Sprintf("u%d@example.com", n.Add(1))})
				if err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkMagicLinkRedeem measures redemptions only, each by a new user. The links are made
// beforehand.
func BenchmarkMagicLinkRedeem(b *testing.B) {
	onStores(b, stubHash, func(b *bench) {
		links := make([]string, b.N)
		for i := range links {
			email := fmt.Sprintf("u%d@example.com", i)
			_, err := b.engine.RequestMagicLink(b.Context(), authkit.MagicLinkRequest{App: b.app.ID, Email: email})
			b.ok(err)
			b.ok(b.engine.RunOnce(b.Context()))
			m, _ := b.outbox.Last(email)
			links[i] = linkToken(m)
		}
		b.ResetTimer()
		for _, link := range links {
			_, err := b.engine.RedeemMagicLink(b.Context(), authkit.MagicLinkProof{App: b.app.ID, Token: link})
			b.ok(err)
		}
	})
}

func benchSignIn(b *testing.B, hash authkit.PasswordConfig) {
	b.Helper()
	onStores(b, hash, func(b *bench) {
		const users = 64
		for i := range users {
			b.signUp(fmt.Sprintf("u%d@example.com", i))
		}
		var n atomic.Int64
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				_, err := b.engine.SignInWithPassword(b.Context(), authkit.PasswordSignIn{
					App: b.app.ID, Email: fmt.Sprintf("u%d@example.com", n.Add(1)%users), Password: password, Intent: "sign_in",
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkSignInStubbed measures authkit's own part of a sign-in by password.
func BenchmarkSignInStubbed(b *testing.B) { benchSignIn(b, stubHash) }

// BenchmarkSignInByHTTP measures the same by HTTP with wide limits, and a flood that the limits
// refuse.
func BenchmarkSignInByHTTP(b *testing.B) {
	for name, limit := range map[string]string{"within": "1000000/s/ip, 1000000/s/email", "refused": "1/d/ip"} {
		b.Run(name, func(b *testing.B) {
			onLimitedStores(b, stubHash, authkit.LimitConfig{Credentials: limit}, func(b *bench) {
				b.signUp("ann@example.com")
				for b.Loop() {
					r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/auth/credentials/"+b.app.ID.String(), strings.NewReader(signInBody("ann@example.com", password, "sign_in")))
					r.Header.Set("Content-Type", "application/json")
					b.engine.Handler().ServeHTTP(httptest.NewRecorder(), r)
				}
			})
		})
	}
}

// BenchmarkSignIn is to be compared with BenchmarkBareHash.
func BenchmarkSignIn(b *testing.B) { benchSignIn(b, realHash) }

// BenchmarkBareHash measures argon2id behind its gate.
func BenchmarkBareHash(b *testing.B) {
	gate := pw.NewGate(2, 1<<16, time.Hour)
	phc := pw.Hash(password, make([]byte, 16), pw.Default())
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := gate.Do(b.Context(), pw.Asker{Tenant: "app"}, func() { _, _ = pw.Verify(password, phc) }); err != nil {
				b.Error(err)
			}
		}
	})
}
