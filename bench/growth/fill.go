package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
	"github.com/authkit-dev/authkit/internal/password"
	"github.com/authkit-dev/authkit/internal/token"
)

// The password of every user, as it is typed.
const passphrase = "correct horse battery staple"

// app is an app with the text of its first API key.
type app struct {
	id  uuid.UUID
	key string
}

// people are the users of a cell: user n is in app n modulo the number of apps, and the nth row of
// each table is a function of n.
type people struct {
	apps []app
	n    int
	phc  []byte
	base time.Time // when the first user was made; each next one a millisecond later
}

func newPeople(apps []app, n int) people {
	params := password.Params{MemoryKiB: hashKiB, Time: hashTime, Threads: 1}
	age := time.Duration(n)*time.Millisecond + time.Hour
	return people{apps, n, []byte(password.Hash(passphrase, password.Salt(), params)), time.Now().Add(-age).UTC().Truncate(time.Millisecond)}
}

func (p people) app(n int) app { return p.apps[n%len(p.apps)] }

func (p people) at(n int) int64 { return p.base.UnixMicro() + int64(n)*1000 }

func email(n int) string { return fmt.Sprintf("user-%07d@example.com", n) }

// id makes a UUID of version 7 for the nth row of a kind.
func (p people) id(kind string, n int) uuid.UUID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, n))
	var u uuid.UUID
	copy(u[:], sum[:])
	binary.BigEndian.PutUint64(u[:8], uint64(p.at(n)/1000)<<16|uint64(0x7000|n&0xfff)) //nolint:gosec // times after 1970
	u[8] = u[8]&0x3f | 0x80
	return u
}

// refresh is the first refresh token of user n.
func refresh(n int) token.Refresh {
	family, rest := sha256.Sum256(fmt.Appendf(nil, "family %d", n)), sha256.Sum256(fmt.Appendf(nil, "secret %d", n))
	t, _ := token.RefreshOf(append(family[:16], rest[:]...)) // it has the size of one
	return t
}

// rows are the rows of one table.
type rows struct {
	table   string
	columns []string
	n       int
	row     func(i int) []any
}

// tables returns the rows of every table, in an order that foreign keys allow.
func (p people) tables() []rows {
	const day = int64(24 * time.Hour / time.Microsecond)
	soon := time.Now().Add(time.Hour).UnixMicro()
	return []rows{
		{"authkit_users", []string{"app_id", "user_id", "email", "email_typed", "name", "name_key", "auth_method", "verified", "disabled", "disabled_reason", "version", "epoch", "last_login", "created_at"}, p.n, func(n int) []any {
			name := fmt.Sprintf("User %07d", n)
			return []any{p.app(n).id, p.id("user", n), email(n), email(n), name, fmt.Sprintf("user %07d", n), "credentials", int64(1), int64(0), "", int64(1), int64(1), p.at(n), p.at(n)}
		}},
		{"authkit_credentials", []string{"app_id", "kind", "subject", "user_id", "data", "created_at"}, p.n, func(n int) []any {
			id := p.id("user", n)
			return []any{p.app(n).id, "password", id.String(), id, p.phc, p.at(n)}
		}},
		{"authkit_sessions", []string{"app_id", "session_id", "user_id", "epoch", "family", "cur", "auth_time", "created_at", "last_used_at", "idle_until", "until_at", "amr", "user_agent", "ip"}, p.n, func(n int) []any {
			t, at := refresh(n), p.at(n)
			agent := "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
			return []any{p.app(n).id, p.id("session", n), p.id("user", n), int64(1), t.Family(), t.Hash(), at, at, at, at + 14*day, at + 90*day, `["pwd"]`, agent, "192.0.2.1"}
		}},
		{"authkit_events", []string{"app_id", "event_id", "user_id", "at", "type", "actor", "ip", "result", "reason", "request_id", "detail"}, 2 * p.n, func(i int) []any {
			n, kind := i/2, []string{"user.create", "session.start"}[i%2]
			return []any{p.app(n).id, p.id(kind, n), p.id("user", n), p.at(n), kind, "user", "192.0.2.1", "ok", "", p.id("request", n).String(), nil}
		}},
		// What comes and goes is there too, as in a deployment that is in use: statistics of an
		// empty table would make Postgres read it as a whole.
		{"authkit_tokens", []string{"app_id", "kind", "slot", "place", "hash", "user_id", "epoch", "expires_at"}, max(p.n/50, 1), func(i int) []any {
			n := i * 50
			hash := sha256.Sum256(fmt.Appendf(nil, "token %d", n))
			return []any{p.app(n).id, "reset", p.id("user", n).String(), int64(0), hash[:], p.id("user", n), int64(1), soon}
		}},
		{"authkit_limits", []string{"app_id", "limit_key", "tat"}, max(p.n/20, 1), func(i int) []any {
			return []any{p.app(i).id, "credentials/email " + email(i), soon}
		}},
	}
}

// makers is how many apps are made at once.
const makers = 16

// makeApps makes apps through the engine, each with its keys.
func makeApps(ctx context.Context, at string, n int) ([]app, error) {
	store, err := open(ctx, at)
	if err != nil {
		return nil, err
	}
	defer store.Close() //nolint:errcheck // what it wrote is committed
	engine, err := authkit.New(config(store))
	if err != nil {
		return nil, err
	}
	apps := make([]app, n)
	errs := make([]error, makers)
	var all sync.WaitGroup
	for m := range makers {
		all.Go(func() {
			for i := m; i < n && errs[m] == nil; i += makers {
				var made authkit.App
				made, apps[i].key, errs[m] = engine.CreateApp(ctx, fmt.Sprintf("developer-%d", i%100), fmt.Sprintf("App %d", i))
				apps[i].id = made.ID
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return apps, nil
}
