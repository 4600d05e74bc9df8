package authkit_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/authkit-dev/authkit"
)

// benchedStore is a store with one app, and what the verbs of BenchmarkStore are on.
type benchedStore struct {
	*testing.B
	authkit.Store

	app uuid.UUID
	now time.Time
}

// BenchmarkStore measures the verbs behind the hot requests, without an engine.
func BenchmarkStore(b *testing.B) {
	onStores(b, stubHash, func(e *bench) {
		x := benchedStore{e.B, e.store, e.app.ID, time.Now()}
		e.fill(x.app, 1000)
		for _, v := range []struct {
			name string
			do   func(x benchedStore)
		}{
			{"session", benchSession}, {"api_key", benchAPIKey}, {"users_page", benchUsers}, {"rotate", benchRotate},
			{"use_session", benchUse}, {"hit", benchHit}, {"link", benchLink}, {"redeem", benchRedeem},
		} {
			x.Run(v.name, func(b *testing.B) {
				of := x
				of.B = b
				b.ReportAllocs()
				v.do(of)
			})
		}
	})
}

// each runs a verb on many goroutines. n differs between calls.
func (x benchedStore) each(do func(ctx context.Context, n int64) error) {
	var n atomic.Int64
	x.ResetTimer()
	x.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := do(x.Context(), n.Add(1)); err != nil {
				x.Error(err)
			}
		}
	})
}

func (x benchedStore) ok(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

func (x benchedStore) newUser() authkit.NewUser {
	id := uuid.New()
	until := x.now.Add(time.Hour)
	return authkit.NewUser{
		Now:  x.now,
		User: authkit.User{App: x.app, ID: id, Email: id.String(), EmailTyped: id.String(), AuthMethod: "magiclink", CreatedAt: x.now},
		Session: &authkit.Session{
			App: x.app, ID: id, UserID: id, Family: id[:], Current: id[:], Cookie: id[:], AMR: []string{"otp"}, UserAgent: "bench",
			AuthTime: x.now, CreatedAt: x.now, LastUsedAt: x.now, IdleUntil: until, Until: until,
		},
	}
}

// people are users with a session each, of which concurrent calls rarely take the same.
func (x benchedStore) people() []authkit.NewUser {
	all := make([]authkit.NewUser, 256)
	for i := range all {
		all[i] = x.newUser()
		_, err := x.CreateUser(x.Context(), all[i])
		x.ok(err)
	}
	return all
}

func benchSession(x benchedStore) {
	all := x.people()
	x.each(func(ctx context.Context, n int64) error {
		_, _, err := x.Session(ctx, x.app, authkit.SessionKey{ID: all[n%256].Session.ID, AppVersion: 1}, x.now)
		return err
	})
}

func benchAPIKey(x benchedStore) {
	hash := uuid.New()
	x.ok(x.RotateAPIKey(x.Context(), authkit.KeyRotation{App: x.app, Next: authkit.APIKey{
		App: x.app, ID: uuid.New(), Name: "k", Hint: "ak_", Hash: hash[:], Scopes: []string{"users:read"}, Active: true, CreatedAt: x.now,
	}}))
	x.each(func(ctx context.Context, _ int64) error {
		_, err := x.APIKey(ctx, x.app, hash[:], x.now)
		return err
	})
}

func benchUsers(x benchedStore) {
	x.each(func(ctx context.Context, _ int64) error {
		_, err := x.Users(ctx, x.app, authkit.UserQuery{Page: authkit.Page{Limit: 50}})
		return err
	})
}

func benchRotate(x benchedStore) {
	all := x.people()
	var locks [256]atomic.Pointer[[]byte]
	for i, u := range all {
		locks[i].Store(&u.Session.Current)
	}
	x.each(func(ctx context.Context, n int64) error {
		i := n % 256
		presented := locks[i].Swap(nil)
		for presented == nil { // another goroutine rotates this one
			i = (i + 1) % 256
			presented = locks[i].Swap(nil)
		}
		next := uuid.New()
		current := next[:]
		_, err := x.RotateSession(ctx, authkit.Rotation{
			App: x.app, AppVersion: 1, Family: all[i].Session.Family, Presented: *presented, Next: current, Sealed: make([]byte, 80),
			Now: x.now, Grace: time.Second, GraceMost: time.Minute, IdleUntil: x.now.Add(time.Duration(n) * time.Millisecond).Add(time.Hour),
		})
		locks[i].Store(&current)
		return err
	})
}

func benchUse(x benchedStore) {
	all := x.people()
	x.each(func(ctx context.Context, n int64) error {
		return x.UseSession(ctx, x.app, all[n%256].Session.ID, x.now, x.now.Add(time.Hour))
	})
}

func benchHit(x benchedStore) {
	x.each(func(ctx context.Context, n int64) error {
		peer := fmt.Sprintf("peer%d", n%64)
		_, err := x.Hit(ctx, authkit.Hits{App: x.app, AppVersion: 1, Each: []authkit.Hit{
			{App: authkit.Console, Key: "all/" + peer, Limit: 1 << 40, Window: time.Hour}, {Key: peer, Limit: 1 << 40, Window: time.Hour}, {Key: fmt.Sprintf("email%d", n), Limit: 100, Window: time.Hour},
		}}, x.now)
		return err
	})
}

// link puts what a request for a link puts.
func (x benchedStore) link(ctx context.Context, slot string) (authkit.Take, error) {
	hash := uuid.New()
	t := authkit.Token{App: x.app, Kind: "magic", Slot: slot, Most: 5, Hash: hash[:], Data: make([]byte, 200), ExpiresAt: x.now.Add(time.Hour)}
	return authkit.Take{Kind: t.Kind, Hash: hash[:]}, x.Put(ctx, authkit.Put{App: x.app, AppVersion: 1, Riders: authkit.Riders{
		Tokens: []authkit.Token{t},
		Mail:   []authkit.Mail{{App: x.app, ID: uuid.New(), Sealed: make([]byte, 400), DueAt: x.now, Expires: x.now.Add(time.Hour)}},
		Events: []authkit.Event{{ID: uuid.New(), App: x.app, Time: x.now, Type: "magiclink.request", Result: "ok"}},
	}})
}

func benchLink(x benchedStore) {
	x.each(func(ctx context.Context, n int64) error {
		_, err := x.link(ctx, fmt.Sprintf("u%d@example.com", n))
		return err
	})
}

func benchRedeem(x benchedStore) {
	takes := make([]authkit.Take, x.N+1)
	for i := range takes {
		var err error
		takes[i], err = x.link(x.Context(), uuid.NewString())
		x.ok(err)
	}
	x.each(func(ctx context.Context, n int64) error {
		u := x.newUser()
		u.Take = &takes[n]
		u.Riders.Events = []authkit.Event{{ID: uuid.New(), App: x.app, Time: x.now, Type: "user.create", Result: "ok"}}
		_, err := x.CreateUser(ctx, u)
		return err
	})
}
