package authkit_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/testschema"
	"github.com/authkit-dev/authkit/store/postgres"
)

// roundTrips counts how often a client of Postgres waits for an answer.
type roundTrips struct{ n atomic.Int64 }

func (r *roundTrips) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	return &trippingConn{Conn: conn, trips: r}, err
}

// trippingConn counts a round trip for the first bytes that are read after a write. The read may have
// begun before the write: pgx reads in the background while a write takes long.
type trippingConn struct {
	net.Conn

	trips *roundTrips
	wrote atomic.Bool
}

func (c *trippingConn) Write(b []byte) (int, error) {
	c.wrote.Store(true)
	return c.Conn.Write(b)
}

func (c *trippingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.wrote.Swap(false) {
		c.trips.n.Add(1)
	}
	return n, err
}

// openCounted opens Postgres on one connection, so that a statement is prepared once.
func openCounted(t *testing.T, trips *roundTrips) authkit.Store {
	t.Helper()
	config, err := pgxpool.ParseConfig(testschema.New(t, os.Getenv("AUTHKIT_TEST_POSTGRES")))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns, config.ConnConfig.DialFunc = 1, trips.dial
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	store, err := postgres.New(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// countedOperation is an operation of the API. ready does what goes before it.
type countedOperation struct {
	name  string
	ready func(w *world, i int) (ask func() answer)

	// How many round trips it takes: without limits, and with them.
	bare, limited int64
}

func countedOperations() []countedOperation {
	credentials := func(w *world, email, intent string) answer {
		return w.send("POST", w.in("/auth/credentials/{app_id}"), signInBody(email, password, intent))
	}
	asks := func(f func(w *world, in answer) answer) func(*world, int) func() answer {
		return func(w *world, i int) func() answer {
			in := credentials(w, w.nth(i), "sign_up")
			return func() answer { return f(w, in) }
		}
	}
	link := func(w *world, i int) func() answer {
		_, m := w.mailed(w.nth(i), "")
		return func() answer { return w.verify(`{"token":"` + linkToken(m) + `"}`) }
	}
	return []countedOperation{
		{"a sign-up by password", func(w *world, i int) func() answer {
			return func() answer { return credentials(w, w.nth(i), "sign_up") }
		}, 2, 4},
		{"a sign-in by password", asks(func(w *world, in answer) answer {
			return credentials(w, in.body["user"].(map[string]any)["email"].(string), "sign_in")
		}), 2, 3},
		{"the signed-in user", asks(func(w *world, in answer) answer {
			return w.send("GET", w.in("/auth/me/{app_id}"), "", bearer(in.text(w.t, "token")))
		}), 1, 1},
		{"a refresh", asks(func(w *world, in answer) answer {
			return w.send("POST", w.in("/auth/refresh/{app_id}"), `{"refresh_token":"`+in.text(w.t, "refresh_token")+`"}`)
		}), 1, 1},
		{"a link request", func(w *world, i int) func() answer {
			return func() answer {
				return w.send("POST", w.in("/auth/magic-link/{app_id}"), `{"email":"`+w.nth(i)+`"}`)
			}
		}, 1, 3},
		{"a redemption that makes a user", link, 3, 5},
		{"a redemption that signs a user in", func(w *world, i int) func() answer {
			link(w, i)().want(w.t, 200, "")
			return link(w, i)
		}, 2, 3},
		{"a page of users", func(w *world, _ int) func() answer {
			return func() answer { return w.send("GET", w.in("/users/{app_id}"), "", bearer(w.key)) }
		}, 2, 2},
	}
}

// factorOperations are the requests of sign-ins with a second factor.
func factorOperations() []countedOperation {
	has := func(add ...func(*factored)) func(*world, int) *factored {
		return func(w *world, i int) *factored {
			p := w.member(w.t, w.nth(i))
			for _, a := range add {
				a(p)
			}
			return p
		}
	}
	totp, both := has(hasTOTP), has(hasTOTP, hasPasskey)
	return []countedOperation{
		{"the first request of a sign-in by password", func(w *world, i int) func() answer {
			p := totp(w, i)
			return func() answer { return p.first() }
		}, 2, 3},
		{"the first request of a sign-in by link", func(w *world, i int) func() answer {
			p := totp(w, i)
			_, m := w.mailed(p.email, "")
			return func() answer { return w.verify(byLink(m, "")) }
		}, 2, 3},
		{"the second request, by a TOTP code", func(w *world, i int) func() answer {
			p := totp(w, i)
			body := fmt.Sprintf(`{%s,"code":%q}`, p.due("mfa_required"), p.code())
			return func() answer { return w.send("POST", w.in(secondFactor), body) }
		}, 2, 3},
		// The token with its account, what is left of the limits, and the step, which spends the token and notes
		// the state in the passkey.
		{"the second request, by a passkey", func(w *world, i int) func() answer {
			p := both(w, i)
			due := p.first()
			body := fmt.Sprintf(`{"mfa_token":%q,%s}`, due.text(w.t, "mfa_token"), p.shows(w.t, due.text(w.t, "binding")))
			return func() answer { return w.send("POST", w.in(secondFactor), body) }
		}, 2, 3},
		// It writes nothing: the first call of the store proves the app.
		{"the beginning of a ceremony with a passkey", func(w *world, _ int) func() answer {
			return func() answer { return w.send("POST", w.in(passkeyBegin), `{}`) }
		}, 1, 1},
		// What is left of the limits, the account of the passkey, and the step.
		{"a sign-in by passkey", func(w *world, i int) func() answer {
			body := "{" + has(hasPasskey)(w, i).shows(w.t, "") + "}"
			return func() answer { return w.send("POST", w.in(passkeyFinish), body) }
		}, 2, 3},
	}
}

// Each verb of the store is one round trip, whatever it writes. Limits add one for the request, and
// one for what is known only after the first.
func TestHowManyRoundTripsAnOperationTakesOnPostgres(t *testing.T) {
	t.Parallel()
	if os.Getenv("AUTHKIT_TEST_POSTGRES") == "" {
		return
	}
	for name, change := range map[string]func(*authkit.Config){"without limits": withoutLimits, "with limits": func(*authkit.Config) {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trips := &roundTrips{}
			store := openCounted(t, trips)
			w := setup(t, change, withPasskeys, func(c *authkit.Config) { c.Store, c.Secrets = store, [][]byte{make([]byte, 32)} })
			for n, op := range append(countedOperations(), factorOperations()...) {
				want := op.limited
				if name == "without limits" {
					want = op.bare
				}
				// The first time prepares statements.
				var got int64
				for i := range 3 {
					ask := op.ready(w.from("198.51.100."+strconv.Itoa(n+1)+":1"), 10*n+i)
					before := trips.n.Load()
					if a := ask(); a.Code >= 400 && a.body["mfa_token"] == nil {
						t.Fatalf("%s: got %d %s, want a success", op.name, a.Code, a.Body)
					}
					got = trips.n.Load() - before
				}
				if got != want {
					t.Errorf("%s: got %d round trips, want %d", op.name, got, want)
				}
			}
		})
	}
}
